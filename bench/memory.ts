// `npm run bench -- memory`: what a server weighs that watches 1,000 agents, after 50,000 beats and a garbage collection,
// beside the bare echo after the same requests.

import { Child } from "./child.ts";
import { spellCount, type Bench } from "./finding.ts";
import type { LoadOrder, LoadResult } from "./load.ts";
import type { Serving } from "./serve-midwatch.ts";
import { printTable } from "./table.ts";
import type { Weight } from "./weigh.ts";

const agents = 1_000;
const beats = 50_000;
const aimBytes = 120e6;

export const run: Bench = async () => {
  await using midwatch = new Child("./serve-midwatch.ts", ["--expose-gc"]);
  await using echo = new Child("./serve-echo.ts", ["--expose-gc"]);
  await using load = new Child("./load.ts");
  const rows: string[][] = [];
  let rssBytes = 0;
  for (const [name, server] of [
    ["bare echo", echo],
    ["Midwatch", midwatch],
  ] as const) {
    const serving = await server.ask<Serving>("serve");
    const before = await server.ask<Weight>("weigh");
    const order = { connections: 16, agents, beatsPerRequest: 1, forMs: 30_000, atMost: beats } as const;
    const result = await load.ask<LoadResult>({ ...order, ...serving } satisfies LoadOrder);
    const after = await server.ask<Weight>("weigh");
    rows.push([name, spellCount(result.requests), ...[before.rssBytes, after.rssBytes, after.heapBytes].map(spellMb)]);
    rssBytes = after.rssBytes;
  }
  printTable("Memory, after a garbage collection", ["server", "beats", "at start", "resident", "heap in use"], rows);
  return [
    {
      what: "memory with 1,000 beating agents",
      measured: spellMb(rssBytes),
      aim: "less than 120 MB",
      met: rssBytes < aimBytes,
    },
  ];
};

function spellMb(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
