// `npm run bench -- ack`: how many single beats a second are answered after they are durable, from 64 keep-alive
// connections, beside the least that a JSON server on node:http does with the same requests.

import { Child } from "./child.ts";
import { median, spellCount, spellMs, type Bench } from "./finding.ts";
import type { LoadOrder, LoadResult } from "./load.ts";
import type { Serving } from "./serve-midwatch.ts";
import { printTable } from "./table.ts";

const rounds = 3;
const aimRatio = 0.6;

/** `--cpu-prof=DIR` writes a profile of the server there. */
export const run: Bench = async (args) => {
  await using midwatch = new Child("./serve-midwatch.ts", profileArgs(args));
  await using echo = new Child("./serve-echo.ts");
  await using load = new Child("./load.ts");
  const order = { connections: 64, agents: 1_024, beatsPerRequest: 1 } as const;
  const measured = await measureInTurns({ midwatch, echo, load }, { ...order, forMs: 2_000 });
  printRounds("Single beats, 64 connections", "requests", 1, measured);
  const ratio = rateOf(measured.midwatch) / rateOf(measured.echo);
  const rate = `${spellCount(rateOf(measured.midwatch))} acks/s, ${Math.round(ratio * 100)} % of echo`;
  return [
    { what: "durable single beats", measured: rate, aim: "at least 60 % of a bare echo", met: ratio >= aimRatio },
  ];
};

export interface Measured {
  readonly midwatch: readonly LoadResult[];
  readonly echo: readonly LoadResult[];
}

/** Warms both up, then measures them in turn, so that what else the machine does meets both. */
export async function measureInTurns(
  given: { readonly midwatch: Child; readonly echo: Child; readonly load: Child },
  order: Omit<LoadOrder, "port" | "key">,
): Promise<Measured> {
  const found: { midwatch: LoadResult[]; echo: LoadResult[] } = { midwatch: [], echo: [] };
  const servers = {
    midwatch: await given.midwatch.ask<Serving>("serve"),
    echo: await given.echo.ask<Serving>("serve"),
  };
  for (let round = -1; round < rounds; round += 1) {
    for (const name of ["echo", "midwatch"] as const) {
      const result = await given.load.ask<LoadResult>({ ...order, ...servers[name] });
      if (result.refused > 0)
        throw new Error(`${result.refused} of ${result.requests} requests were refused by ${name}`);
      if (round >= 0) found[name].push(result);
    }
  }
  return found;
}

export function printRounds(title: string, unit: string, factor: number, measured: Measured): void {
  printTable(
    `${title}, ${rounds} rounds in turn`,
    ["server", `${unit}/s, median`, `${unit}/s, each round`, "p50", "p99", "generator busy"],
    (["echo", "midwatch"] as const).map((name) => [
      name === "echo" ? "bare echo" : "Midwatch",
      spellCount(rateOf(measured[name]) * factor),
      measured[name].map(({ perSecond }) => spellCount(perSecond * factor)).join("  "),
      spellMs(median(measured[name].map(({ p50Ms }) => p50Ms))),
      spellMs(median(measured[name].map(({ p99Ms }) => p99Ms))),
      `${Math.round(Math.max(...measured[name].map(({ busy }) => busy)) * 100)} %`,
    ]),
  );
}

export function rateOf(results: readonly LoadResult[]): number {
  return median(results.map(({ perSecond }) => perSecond));
}

export function profileArgs(args: readonly string[]): readonly string[] {
  const dir = args.find((arg) => arg.startsWith("--cpu-prof="))?.slice("--cpu-prof=".length);
  return dir === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${dir}`];
}
