// What an agent may do to its keeper: crash at once again and again, crash slowly again and again, hang, and leave children
// behind. All at the same time, with each keeper.

import { readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import { livesOf, until } from "./agents.ts";
import type { Agent } from "./keeper.ts";
import { agentVariable, processesOf, shellsOf } from "./processes.ts";
import type { Opened } from "./scene.ts";

export const troubles = ["crash-at-once", "crash-slowly", "family", "hang"] as const;
export const loopWindowMs = 25_000;
export const hangWindowMs = 30_000;
const stopWindowMs = 15_000;
const spinsAfterMs = 6_000;

export interface CrashLoop {
  readonly starts: number;
  readonly hasEnded: boolean;
}

export interface Troubled {
  readonly atOnce: CrashLoop;
  readonly slowly: CrashLoop;
  /** Processes of the agent, before it was stopped and a while after. */
  readonly family: { readonly before: number; readonly left: number };
  /** Null where the agent that hangs was not in the cast. */
  readonly hang: { readonly isSameProcess: boolean; readonly says: string } | null;
}

export async function trouble(opened: Opened): Promise<Troubled> {
  const { keeper, agents } = opened;
  const agent = (does: string): Agent | undefined => agents.find((one) => one.does === does);
  const [atOnce, slowly, family] = [agent("crash-at-once")!, agent("crash-slowly")!, agent("family")!];
  const hang = agent("hang");
  const startedAt = performance.now();
  const hanging = hang === undefined ? null : watchHang(opened, hang);
  await pause(loopWindowMs);
  const lives = { atOnce: startsOf(atOnce), slowly: startsOf(slowly) };
  const loops = {
    atOnce: { starts: lives.atOnce, hasEnded: await keeper.hasGivenUp(atOnce.name) },
    slowly: { starts: lives.slowly, hasEnded: await keeper.hasGivenUp(slowly.name) },
  };
  await pause(spinsAfterMs + hangWindowMs - (performance.now() - startedAt));
  return { ...loops, hang: await hanging, family: await stopFamily(opened, family) };
}

function startsOf({ stamps }: Agent): number {
  return readFileSync(stamps, "utf8").trim().split("\n").length;
}

async function watchHang({ keeper }: Opened, agent: Agent): Promise<NonNullable<Troubled["hang"]>> {
  const pids = (): readonly number[] => processesOf(agent.env[agentVariable] ?? "").map(({ pid }) => pid);
  const before = pids();
  // Others work on this machine, too.
  for (const pid of before) setPriority(pid, 19);
  const { bytes } = livesOf(agent);
  await pause(spinsAfterMs + hangWindowMs - 1_000);
  const now = pids();
  const isSameProcess = livesOf(agent).bytes === bytes && before.some((pid) => now.includes(pid));
  return { isSameProcess, says: await keeper.says(agent.name) };
}

async function stopFamily({ keeper }: Opened, agent: Agent): Promise<Troubled["family"]> {
  const count = (): number => {
    const token = agent.env[agentVariable] ?? "";
    return processesOf(token).length;
  };
  const before = count();
  await keeper.stop(agent.name);
  const shells = (): number => shellsOf(agent.env[agentVariable] ?? "").length;
  await until(() => count() + shells() === 0, stopWindowMs);
  return { before, left: count() + shells() };
}
