// `npm run bench -- memory`: what a server weighs that watches 1,000 agents, started as `midwatch up` starts it, first
// after five beats of each, then after 50,000 more as fast as they come; beside the bare echo after the same requests.

import { smallHeap } from "../packages/cli/src/up/small-heap.ts";
import { Child } from "./child.ts";
import { spellCount, type Bench } from "./finding.ts";
import type { LoadOrder, LoadResult } from "./load.ts";
import type { Serving } from "./serve-midwatch.ts";
import { printTable } from "./table.ts";
import type { Weight } from "./weigh.ts";

const agents = 1_000;
const aimBytes = 120e6;

const phases = [
  { title: "five each", connections: 1, beats: 5 * agents },
  { title: "50,000 more, flat out", connections: 16, beats: 50_000 },
] as const;

export const run: Bench = async () => {
  const nodeArgs = ["--expose-gc", ...smallHeap];
  await using midwatch = new Child("./serve-midwatch.ts", nodeArgs);
  await using echo = new Child("./serve-echo.ts", nodeArgs);
  await using load = new Child("./load.ts");
  const servers = [
    ["bare echo", echo],
    ["Midwatch", midwatch],
  ] as const;
  const rows: string[][] = [];
  const midwatchBytes: number[] = [];
  for (const [name, server] of servers) {
    const serving = await server.ask<Serving>("serve");
    rows.push([name, "at start", "0", ...spellWeight(await server.ask<Weight>("weigh"))]);
    for (const { title, connections, beats } of phases) {
      const order = { connections, agents, beatsPerRequest: 1, forMs: 30_000, atMost: beats } as const;
      const result = await load.ask<LoadResult>({ ...order, ...serving } satisfies LoadOrder);
      const weight = await server.ask<Weight>("weigh");
      rows.push([name, title, spellCount(result.requests), ...spellWeight(weight)]);
      if (server === midwatch) midwatchBytes.push(weight.rssBytes);
    }
  }
  const columns = ["server", "after", "beats", "resident", "of it anonymous", "heap in use"];
  printTable("Memory, after a garbage collection", columns, rows);
  const rssBytes = midwatchBytes[0] ?? 0;
  return [
    {
      what: "memory with 1,000 beating agents",
      measured: spellMb(rssBytes),
      aim: "less than 120 MB",
      met: rssBytes < aimBytes,
    },
  ];
};

function spellWeight({ rssBytes, anonymousBytes, heapBytes }: Weight): string[] {
  return [spellMb(rssBytes), anonymousBytes === null ? "" : spellMb(anonymousBytes), spellMb(heapBytes)];
}

function spellMb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
