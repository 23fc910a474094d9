// `npm run bench -- detection`: how long after its deadline a silent agent is noticed, with 1,000 and with 100,000 agents
// that are watched. Noticed is: the incident and its notification are durable. The yardstick is how late a plain timer of the
// same length as the sweeper's turn fires in an idle process, in the same minute on the same machine.

import { Child } from "./child.ts";
import { quantile, spellCount, spellMs, type Bench, type Finding } from "./finding.ts";
import { printTable } from "./table.ts";

export interface DetectionOrder {
  readonly agents: number;
  /** How many of them fall silent, spread over `overMs`. */
  readonly silent: number;
  readonly overMs: number;
}

export interface DetectionResult {
  /** Past the deadline, in milliseconds, one for each silent agent. */
  readonly delays: readonly number[];
  readonly seedMs: number;
  /** From the start of the server until it watched. */
  readonly openMs: number;
  readonly beats: number;
}

const orders: readonly DetectionOrder[] = [
  { agents: 1_000, silent: 400, overMs: 15_000 },
  { agents: 100_000, silent: 2_000, overMs: 15_000 },
];
const aimMs = 250;

export const run: Bench = async () => {
  const rows: string[][] = [];
  const findings: Finding[] = [];
  {
    await using timer = new Child("./detect-late.ts");
    const lags = await timer.ask<number[]>("timer");
    rows.push(["idle timer of 100 ms", spellCount(lags.length), ...spellDelays(lags), "", ""]);
  }
  for (const order of orders) {
    await using child = new Child("./detect-late.ts");
    const { delays, seedMs, openMs, beats } = await child.ask<DetectionResult>(order, 120_000);
    const p99 = quantile([...delays], 0.99);
    rows.push([
      `${spellCount(order.agents)} agents, ${spellCount(beats / (order.overMs / 1_000))} beats/s`,
      spellCount(delays.length),
      ...spellDelays(delays),
      `${(seedMs / 1_000).toFixed(1)} s`,
      `${(openMs / 1_000).toFixed(1)} s`,
    ]);
    findings.push({
      what: `detection with ${spellCount(order.agents)} agents, p99 past the deadline`,
      measured: spellMs(p99),
      aim: `less than ${aimMs} ms`,
      met: p99 < aimMs,
    });
  }
  printTable("Noticed after the deadline", ["watched", "noticed", "p50", "p99", "latest", "seeding", "start"], rows);
  return findings;
};

function spellDelays(delays: readonly number[]): string[] {
  const sorted = [...delays];
  return [0.5, 0.99, 1].map((part) => spellMs(quantile(sorted, part)));
}
