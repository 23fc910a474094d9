// SIGKILL to the keeper itself. Do its agents live on? When it is started again, does it take them over, or start a second copy
// beside each? Taken over is not what it says, but that an agent which is killed then runs again.

import { setTimeout as pause } from "node:timers/promises";
import { livesOf, nextLife } from "./agents.ts";
import type { Agent, Again } from "./keeper.ts";
import { agentVariable, isAlive, kill, processesOf } from "./processes.ts";
import type { Opened } from "./scene.ts";

export interface AfterDeath {
  /** How it was started again, where there is more than one way. */
  readonly how: string;
  readonly agents: number;
  /** Still the same process a moment after the keeper's death. */
  readonly livedOn: number;
  /** Still the same process after the keeper's restart. */
  readonly same: number;
  /** Agents of which more than one copy runs. */
  readonly doubled: number;
  /** Agents of which none runs. */
  readonly gone: number;
  /** One of the same processes was killed then: it runs again. Null where there was none to kill. */
  readonly isKept: boolean | null;
}

const settleMs = 10_000;
const againWithinMs = 20_000;

export async function dieAndReturn({ keeper, agents }: Opened): Promise<readonly AfterDeath[]> {
  const found: AfterDeath[] = [];
  for (const again of keeper.again) found.push(await once({ agents, again, kill: keeper.kill }));
  return found;
}

async function once(about: {
  readonly agents: readonly Agent[];
  readonly again: Again;
  readonly kill: () => Promise<void>;
}): Promise<AfterDeath> {
  const { agents, again } = about;
  const before = agents.map((agent) => ({ agent, pids: pidsOf(agent) }));
  await about.kill();
  await pause(2_000);
  const livedOn = before.filter(({ pids }) => pids.some(isAlive)).length;
  await again.start();
  await pause(settleMs);
  const same = before.filter(({ pids }) => pids.some(isAlive));
  const copies = agents.map((agent) => pidsOf(agent).length);
  // The last: the first ones may have been killed before, and wait for their next restart.
  const last = same.at(-1);
  return {
    how: again.how,
    agents: agents.length,
    livedOn,
    same: same.length,
    doubled: copies.filter((count) => count > 1).length,
    gone: copies.filter((count) => count === 0).length,
    isKept: last === undefined ? null : await isKept(last.agent, last.pids),
  };
}

function pidsOf(agent: Agent): readonly number[] {
  return processesOf(agent.env[agentVariable] ?? "").map(({ pid }) => pid);
}

async function isKept(agent: Agent, pids: readonly number[]): Promise<boolean> {
  const { bytes } = livesOf(agent);
  for (const pid of pids) kill(pid);
  return (await nextLife(agent, bytes, againWithinMs)) !== null;
}
