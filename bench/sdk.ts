// `npm run bench -- sdk`: what a beat costs the agent's loop, with a live server in another process, beside the least a loop
// with a beat could do: the same turns in an empty asynchronous loop that writes each body as JSON and sends nothing.

import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { Midwatch } from "@midwatch/sdk";
import { Child } from "./child.ts";
import { quantile, spellCount, type Bench } from "./finding.ts";
import type { Serving } from "./serve-midwatch.ts";
import { printTable } from "./table.ts";

const rounds = 3;
const aimUs = 50;

const loops = {
  "turns that wait for something, 2 ms each": { turns: 400, body: () => sleep(2) },
  "turns that do nothing, back to back": { turns: 20_000, body: () => undefined },
} as const;

/** Microseconds between the end of one turn's body and the start of the next one's. */
interface Cost {
  readonly medianUs: number;
  readonly meanUs: number;
  readonly p99Us: number;
  /** Processor time of the whole process per turn: it includes the delivery, which goes on while the loop waits. */
  readonly cpuUs: number;
}

export const run: Bench = async () => {
  await using server = new Child("./serve-midwatch.ts");
  const { port, key } = await server.ask<Serving>({ do: "serve" });
  const watch = new Midwatch({ agent: "bench", url: `http://127.0.0.1:${port}`, key: key ?? "" });
  const findings = [];
  for (const [name, { turns, body }] of Object.entries(loops)) {
    const empty: Cost[] = [];
    const watched: Cost[] = [];
    for (let round = -1; round < rounds; round += 1) {
      const without = await costOf(emptyLoop(), turns, body);
      const withBeats = await costOf(watch.cycles(), turns, body);
      // What a loop leaves waiting must not be delivered during the next one.
      await watch.flush("30s");
      if (round < 0) continue;
      empty.push(without);
      watched.push(withBeats);
    }
    printCosts(`A loop's time per beat: ${name}, ${spellCount(turns)} of them`, { empty, watched });
    const meanUs = quantile(
      watched.map((cost) => cost.meanUs),
      0.5,
    );
    findings.push({
      what: `loop's time per beat, ${name}`,
      measured: us(meanUs),
      aim: `below ${us(aimUs)}`,
      met: meanUs < aimUs,
    });
  }
  await watch.stopped();
  return findings;
};

interface Turn {
  tokens(count: number): void;
}

async function costOf(loop: AsyncGenerator<Turn>, turns: number, body: () => unknown): Promise<Cost> {
  const spentUs = new Float64Array(turns);
  let turn = -1;
  let endedMs = 0;
  const before = process.cpuUsage();
  for await (const cycle of loop) {
    const startedMs = performance.now();
    if (turn >= 0) spentUs[turn] = (startedMs - endedMs) * 1_000;
    if (++turn === turns) break;
    cycle.tokens(1_840);
    await body();
    endedMs = performance.now();
  }
  const { user, system } = process.cpuUsage(before);
  const meanUs = spentUs.reduce((sum, one) => sum + one, 0) / turns;
  return { meanUs, medianUs: quantile(spentUs, 0.5), p99Us: quantile(spentUs, 0.99), cpuUs: (user + system) / turns };
}

/** Gives way once per turn, as every loop must that lets others work, and writes what a beat would say. */
async function* emptyLoop(): AsyncGenerator<Turn, void, undefined> {
  let bytes = 0;
  for (let cycle = 1; ; cycle += 1) {
    let tokens = 0;
    yield { tokens: (count) => (tokens += count) };
    bytes += JSON.stringify({
      agent: "bench",
      status: "ok",
      tokens_used: tokens,
      ts: Date.now() / 1000,
      run_id: "8c8fe212-3fc0-4766-bcd5-78792b33e380",
      instance: "3a02291b-6c57",
      seq: cycle,
      cycle,
      cycle_ms: 2,
    }).length;
    await setImmediate(bytes);
  }
}

function printCosts(title: string, costs: Readonly<Record<"empty" | "watched", readonly Cost[]>>): void {
  const middle = (of: readonly Cost[], one: keyof Cost) =>
    us(
      quantile(
        of.map((cost) => cost[one]),
        0.5,
      ),
    );
  printTable(
    `${title}; medians of ${rounds} rounds in turn`,
    ["loop", "mean", "median", "p99", "processor, in all"],
    (["empty", "watched"] as const).map((name) => [
      name === "empty" ? "empty loop and JSON" : "SDK",
      ...(["meanUs", "medianUs", "p99Us", "cpuUs"] as const).map((one) => middle(costs[name], one)),
    ]),
  );
}

function us(value: number): string {
  return `${value.toFixed(value < 10 ? 1 : 0)} µs`;
}
