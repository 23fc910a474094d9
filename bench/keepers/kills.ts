// SIGKILL to an agent's own process, until the next one has run its first line. Each agent is killed once, after it has been up
// for longer than any keeper's idea of a young process, so that every keeper does the best it can; and in turn, one
// keeper after the other, so that the noise of the machine falls on all alike.

import { spawn } from "node:child_process";
import { livesOf, nextLife } from "./agents.ts";
import type { Agent } from "./keeper.ts";
import { agentVariable, kill, processesOf } from "./processes.ts";
import type { Opened } from "./scene.ts";

const withinMs = 20_000;

/** Milliseconds, one for each kill; infinite where it was not running again within 20 s. */
export type Delays = ReadonlyMap<string, readonly number[]>;

export async function killEach(opened: readonly Opened[], count: number): Promise<Delays> {
  const delays = new Map<string, number[]>(opened.map(({ name }) => [name, []]));
  for (let turn = 0; turn < count; turn += 1) {
    for (const { name, agents } of opened) {
      const agent = agents[turn];
      if (agent !== undefined) delays.get(name)?.push(await killOne(agent));
    }
  }
  return delays;
}

async function killOne(agent: Agent): Promise<number> {
  const [process] = processesOf(agent.env[agentVariable] ?? "");
  if (process === undefined) return Infinity;
  const { bytes } = livesOf(agent);
  const killedAt = Date.now();
  kill(process.pid);
  const againAt = await nextLife(agent, bytes, withinMs);
  return againAt === null ? Infinity : againAt - killedAt;
}

/** What the agent's own start takes, from the spawn to its first line, without any keeper. */
export async function ownStarts(agent: Agent, count: number): Promise<readonly number[]> {
  const delays: number[] = [];
  const [program = "", ...args] = agent.argv;
  for (let turn = 0; turn < count; turn += 1) {
    const { bytes } = livesOf(agent);
    const spawnedAt = Date.now();
    const child = spawn(program, args, { env: { ...process.env, ...agent.env }, stdio: "ignore" });
    const ranAt = await nextLife(agent, bytes, withinMs);
    child.kill("SIGKILL");
    delays.push(ranAt === null ? Infinity : ranAt - spawnedAt);
  }
  return delays;
}
