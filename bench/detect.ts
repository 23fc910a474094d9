// `npm run bench -- detect [FILES…]`: how often the cost detector raises a false alarm, and how soon a true one, beside
// the plain rules it replaces. Files are CSV with the columns ContextTokens and GeneratedTokens, or one number per line;
// a generated corpus is always there too.

import { defaultCostSettings, emptyHistory, judgeCycle } from "@midwatch/core";
import { count, feedAll, plainRule, threeScaleRule, type Rule } from "./detect-rules.ts";
import {
  generatedSeries,
  heavyTail,
  pollAndAct,
  readSeries,
  scaledToMean,
  seeded,
  type Series,
} from "./detect-series.ts";
import type { Bench } from "./finding.ts";
import { printTable } from "./table.ts";

const seed = 20_261_124;

export const run: Bench = (args) => {
  const files = args.map(readSeries);
  if (files.length === 0) {
    console.log(
      "No traces were given, so only generated series are judged. Give CSV files to see real ones, for example the public " +
        "Azure LLM inference traces: npm run bench -- detect FILE.csv …",
    );
  }
  const series = [...files, ...generatedSeries(seed)];
  // Traces when there are any: what is injected into a real series meets real noise.
  const bases = files.length > 0 ? files : series.filter(({ name }) => name !== "busy days, idle nights");
  console.log(`Seed ${seed}. Bases for what is injected: ${bases.map(({ name }) => name).join(", ")}.`);
  falseAlarms(series);
  injected(bases);
  pollers(files);
  const even = series.filter(({ name }) => name === "steady");
  ramps(bases, "a noisy series");
  ramps(even, "a steady series");
  levelShifts(bases, "a noisy series");
  levelShifts(even, "a steady series");
  cost(series);
  return Promise.resolve([]);
};

function falseAlarms(series: readonly Series[]): void {
  printTable(
    "Alarms where nothing is wrong",
    ["series", "cycles", "plain 10× pages", "plain 3× pages", "pages", "warnings", "spikes noted"],
    series.map(({ name, cycles }) => {
      const three = feedAll(threeScaleRule(), cycles);
      return [
        name,
        spell(cycles.length),
        ...[10, 3].map((factor) => spell(count(feedAll(plainRule(factor), cycles), "page"))),
        spell(count(three, "page")),
        spell(count(three, "warn")),
        spell(count(three, "spike")),
      ];
    }),
  );
}

const burst = 50;
const placesPerBase = 100;

/** 200 → 40,000 tokens for 50 cycles, quiet for 60, then the same again; at many places of each base, scaled to a mean of 200. */
function injected(bases: readonly Series[]): void {
  const rules: readonly (readonly [string, () => Rule])[] = [
    ["plain 10×", () => plainRule(10)],
    ["plain 3×", () => plainRule(3)],
    ["three scales", () => threeScaleRule({ floorTokens: 0 })],
  ];
  const rows = rules.map(([name, rule]) => {
    let first = 0;
    let kept = 0;
    let second = 0;
    let places = 0;
    for (const base of bases) {
      const { cycles } = scaledToMean(base, 200);
      for (const start of startsIn(cycles.length, burst, placesPerBase)) {
        const before = cycles.slice(start, start + 500);
        const between = cycles.slice(start + 500, start + 560);
        const runaway = Array.from({ length: burst }, () => 40_000);
        const seen = feedAll(rule(), [...before, ...runaway, ...between, ...runaway]);
        const at = before.length;
        const again = at + burst + between.length;
        places += 1;
        if (seen[at]?.page) first += 1;
        if (seen.slice(at, at + burst).every(({ open }) => open)) kept += 1;
        if (seen[again]?.page) second += 1;
      }
    }
    return [name, ...[first, kept, second].map((hits) => `${hits} of ${places}`)];
  });
  printTable(
    `A runaway of ${burst} cycles at 40,000 tokens, injected into series with a mean of 200`,
    ["rule", "paged on its first cycle", "open throughout", "the next one paged on its first cycle"],
    rows,
  );
}

function pollers(files: readonly Series[]): void {
  const runs = 20;
  const rows = [0.1, 0.05, 0.02, 0.01].map((acts) => {
    const plain: number[] = [];
    const three: number[] = [];
    const late: number[] = [];
    for (let index = 0; index < runs; index += 1) {
      const random = seeded(seed + index);
      const requests = files[0]?.cycles;
      const tail = heavyTail(random);
      const request = () => requests?.[Math.floor(random() * requests.length)] ?? tail();
      const cycles = pollAndAct(random, 5_000, acts, request);
      plain.push(count(feedAll(plainRule(10), cycles), "page"));
      const rule = threeScaleRule();
      three.push(count(feedAll(rule, cycles), "page"));
      // Then every cycle is dear. An alarm that happens to be open already would be no merit.
      for (let cycle = 0; cycle < 60 && rule(200).open; cycle += 1);
      late.push(Array.from({ length: 30 }, () => rule(8_000)).findIndex(({ page }) => page) + 1);
    }
    const found = late.filter((cycle) => cycle > 0);
    return [
      `${acts * 100} % acts`,
      mean(plain).toFixed(1),
      mean(three).toFixed(1),
      spell(Math.max(...three)),
      `${found.length} of ${runs}, after ${mean(found).toFixed(1)}`,
    ];
  });
  printTable(
    `An agent that polls for 200 tokens and acts for 2,000 and more, 5,000 cycles, ${runs} runs; then every cycle costs 8,000`,
    ["agent", "plain 10× pages", "pages, mean", "pages, most", "found when every cycle is dear"],
    rows,
  );
}

function ramps(bases: readonly Series[], where: string): void {
  const rules: readonly (() => Rule)[] = [() => plainRule(10), () => threeScaleRule({ floorTokens: 0 })];
  const rows = [1, 2, 3, 5, 8, 10, 20, 50].map((percent) => [
    `${percent} % a cycle`,
    ...rules.map((rule) => {
      const delays: number[] = [];
      let places = 0;
      for (const base of bases) {
        const { cycles } = scaledToMean(base, 200);
        for (const start of startsIn(cycles.length, 300, 40)) {
          const ramp = cycles.slice(start + 500, start + 800).map((one, n) => one * (1 + percent / 100) ** n);
          const seen = feedAll(rule(), [...cycles.slice(start, start + 500), ...ramp]);
          const isOpenBefore = seen[499]?.open;
          const found = seen.slice(500).findIndex(({ page, warn }) => page || warn);
          if (isOpenBefore) continue;
          places += 1;
          if (found >= 0) delays.push(found + 1);
        }
      }
      return `${delays.length} of ${places}${delays.length > 0 ? `, cycle ${mean(delays).toFixed(0)}` : ""}`;
    }),
  ]);
  printTable(
    `Growth that does not stop, 300 cycles of it, on ${where}`,
    ["growth", "plain 10×, found", "three scales, found"],
    rows,
  );
}

function levelShifts(bases: readonly Series[], where: string): void {
  const rows = [2, 2.5, 3, 4, 6, 9, 15].map((factor) => {
    const drifts: number[] = [];
    const pages: number[] = [];
    const accepts: number[] = [];
    let places = 0;
    for (const base of bases) {
      const { cycles } = scaledToMean(base, 200);
      for (const start of startsIn(cycles.length, 200, 40)) {
        const shifted = cycles.slice(start + 500, start + 700).map((one) => one * factor);
        const seen = feedAll(threeScaleRule({ floorTokens: 0 }), [...cycles.slice(start, start + 500), ...shifted]);
        const after = seen.slice(500);
        places += 1;
        for (const [what, into] of [
          ["warn", drifts],
          ["page", pages],
          ["accepted", accepts],
        ] as const) {
          const cycle = after.findIndex((one) => one[what]);
          if (cycle >= 0) into.push(cycle + 1);
        }
      }
    }
    const told = (found: readonly number[]) =>
      found.length === 0 ? "–" : `${found.length} of ${places}, cycle ${mean(found).toFixed(0)}`;
    return [`× ${factor}`, told(drifts), told(accepts), told(pages)];
  });
  printTable(
    `A lasting rise to another level, 200 cycles of it, on ${where}`,
    ["rise", "drift", "accepted by itself", "possible loop"],
    rows,
  );
}

/** What a judgement costs and what a history weighs. For orientation: no test depends on it. */
function cost(series: readonly Series[]): void {
  let cycles = 0;
  let largest = 0;
  let smallPart = 0;
  const begun = performance.now();
  const histories = series.map((one) =>
    one.cycles.reduce((history, tokens) => judgeCycle(history, tokens, defaultCostSettings).history, emptyHistory()),
  );
  const elapsedMs = performance.now() - begun;
  for (const [index, history] of histories.entries()) {
    cycles += series[index]?.cycles.length ?? 0;
    largest = Math.max(largest, JSON.stringify(history).length);
    smallPart = Math.max(smallPart, JSON.stringify({ ...history, long: undefined }).length);
  }
  console.log(
    `\nOne judgement takes ${((elapsedMs * 1_000) / cycles).toFixed(2)} µs. A history weighs up to ${spell(largest)} bytes ` +
      `as JSON, of which ${spell(smallPart)} change with each cycle.`,
  );
}

/** Evenly spread places that leave room for what comes before (500 cycles) and after. */
function startsIn(length: number, after: number, places: number): readonly number[] {
  const room = length - 500 - Math.max(after, 60);
  if (room < 0) return [];
  return Array.from({ length: places }, (_, index) => Math.floor((room * index) / places));
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0) / Math.max(1, numbers.length);
}

function spell(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}
