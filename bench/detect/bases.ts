// Series of tokens per cycle to try detectors on: files given by path, and a generated corpus that is always there.
// Everything is drawn from a seed, so that a table can be had again.

import { readFileSync } from "node:fs";
import { basename } from "node:path";

export interface Series {
  readonly name: string;
  /** Tokens per cycle, in order. */
  readonly cycles: readonly number[];
  /** Comes from a file rather than from the generator. */
  readonly real: boolean;
}

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export type Random = () => number;

export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Reads one series: a CSV file with `ContextTokens` and `GeneratedTokens`, whose sum is a cycle, or one number per line. */
export function readSeries(path: string): Series {
  const [head = "", ...rows] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const columns = head.split(",");
  const wanted = ["ContextTokens", "GeneratedTokens"].map((name) => columns.indexOf(name));
  const plain = wanted.includes(-1);
  const cycles = (plain ? [head, ...rows] : rows).map((row, index) => {
    const cells = row.split(",");
    const tokens = plain ? Number(row) : wanted.reduce((sum, column) => sum + Number(cells[column]), 0);
    if (row.trim() === "" || !Number.isFinite(tokens) || tokens < 0)
      throw new Error(
        `${path}, line ${index + (plain ? 1 : 2)}: "${row}" is no count of tokens. ` +
          "Give a CSV file with the columns ContextTokens and GeneratedTokens, or one number per line.",
      );
    return tokens;
  });
  return { name: basename(path).replace(/\.\w+$/, ""), cycles, real: true };
}

/** What agents are known to do: steady, heavy-tailed, wandering, and following the day. */
export function generatedSeries(seed: number): readonly Series[] {
  return [
    { name: "steady", cycles: draw(10_000, steady(seeded(seed))), real: false },
    { name: "heavy tail", cycles: draw(10_000, heavyTail(seeded(seed + 1))), real: false },
    { name: "wandering", cycles: draw(10_000, wandering(seeded(seed + 2))), real: false },
    { name: "busy days, idle nights", cycles: daysAndNights(seeded(seed + 3), 14), real: false },
  ];
}

/** An agent that polls for 150–250 tokens and, with the given probability, acts for 2,000 and a request. */
export function pollAndAct(random: Random, count: number, acts: number, request: () => number): readonly number[] {
  return draw(count, () => Math.round(random() < acts ? 2_000 + request() : 150 + 100 * random()));
}

/** The same shape around another mean. */
export function scaledToMean(series: Series, mean: number): Series {
  const factor = (mean * series.cycles.length) / series.cycles.reduce((sum, one) => sum + one, 0);
  return { ...series, cycles: series.cycles.map((tokens) => tokens * factor) };
}

export function heavyTail(random: Random): () => number {
  return () => Math.round(1_500 * Math.exp(0.8 * normal(random) - 0.32));
}

function steady(random: Random): () => number {
  return () => Math.round(1_500 * Math.exp(0.2 * normal(random)));
}

/** Each cycle remembers the one before: the work at hand is dear for a while, then cheap for a while. */
function wandering(random: Random): () => number {
  let level = 0;
  return () => {
    level = 0.95 * level + 0.15 * normal(random);
    return Math.round(2_000 * Math.exp(level + 0.3 * normal(random)));
  };
}

/** A cycle a minute: a few hundred tokens at night, some thousands by day, weekends quieter. */
function daysAndNights(random: Random, days: number): readonly number[] {
  return Array.from({ length: days * 1_440 }, (_, minute) => {
    const day = Math.floor(minute / 1_440);
    const hour = (minute % 1_440) / 60;
    const busy = Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI)) * (day % 7 < 5 ? 1 : 0.4);
    const isIdle = random() < 0.5 * (1 - busy);
    return isIdle ? 0 : Math.round((250 + 6_000 * busy) * Math.exp(0.6 * normal(random)));
  });
}

function draw(count: number, next: () => number): readonly number[] {
  return Array.from({ length: count }, next);
}

/** A standard normal variate (Box–Muller). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
