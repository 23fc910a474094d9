// Memory and processor time of what belongs to a keeper: its daemon and all it needs, and apart from that what it keeps
// beside each agent. Agents do nothing here, except that those of Midwatch beat once a minute, as agents do.

import { setTimeout as pause } from "node:timers/promises";
import { residentBytes, ticks } from "./processes.ts";
import type { Opened } from "./scene.ts";

export interface Weight {
  readonly daemonBytes: number;
  readonly perAgentBytes: number;
}

export function weigh({ keeper }: Opened): Weight {
  const { daemon, perAgent } = keeper.parts();
  return { daemonBytes: residentBytes(daemon), perAgentBytes: residentBytes(perAgent) };
}

const betweenBeatsMs = 3_000;

/** In percent of one core, over a time in which nothing happens. */
export async function idleLoad(opened: readonly Opened[], forMs: number): Promise<ReadonlyMap<string, number>> {
  const before = opened.map(({ name, keeper }) => {
    const { daemon, perAgent } = keeper.parts();
    const pids = [...daemon, ...perAgent];
    return { name, pids, spent: ticks(pids) };
  });
  const startedAt = performance.now();
  for (let turn = 0; performance.now() - startedAt < forMs; turn += 1) {
    await Promise.all(
      opened.map(async ({ keeper, agents }) => {
        const agent = agents[turn % agents.length];
        if (agent !== undefined) await keeper.beat?.(agent);
      }),
    );
    await pause(betweenBeatsMs);
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return new Map(before.map(({ name, pids, spent }) => [name, (ticks(pids) - spent) / seconds]));
}
