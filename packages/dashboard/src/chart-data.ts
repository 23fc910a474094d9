// The numbers of the tokens-per-cycle chart, in the columns that uPlot wants.

import type { BeatView } from "./api-types.ts";

type Column = (number | null)[];

export interface ChartData {
  /** Seconds since the epoch, strictly rising. */
  readonly times: number[];
  readonly tokens: Column;
  readonly baseline: Column;
  /** Ten times the baseline: above it one cycle is a spike or a possible loop. */
  readonly alarm: Column;
}

const alarmFactor = 10;

/** `beats` oldest first. A logarithm has no place for 0, so idle cycles are gaps in the line there. */
export function chartData(beats: readonly BeatView[], scale: "log" | "linear"): ChartData {
  const data: ChartData = { times: [], tokens: [], baseline: [], alarm: [] };
  let before = -Infinity;
  for (const beat of beats) {
    // Beats of one batch may share their millisecond; a chart needs them apart, and a millisecond apart is close enough.
    const time = Math.max(Date.parse(beat.at) / 1_000, before + 0.001);
    before = time;
    data.times.push(time);
    data.tokens.push(scale === "log" && beat.tokens === 0 ? null : beat.tokens);
    data.baseline.push(beat.baseline);
    data.alarm.push(beat.baseline === null ? null : beat.baseline * alarmFactor);
  }
  return data;
}

/** The height of the chart: everything that is drawn, with air above, and below on a logarithm. */
export function chartRange(data: ChartData, scale: "log" | "linear"): readonly [number, number] {
  const values = [...data.tokens, ...data.baseline, ...data.alarm].flatMap((value) =>
    value !== null && value > 0 ? [value] : [],
  );
  const top = values.reduce((max, value) => Math.max(max, value), 10);
  if (scale === "linear") return [0, top * 1.1];
  const bottom = values.reduce((min, value) => Math.min(min, value), top);
  return [Math.max(1, bottom / 2), top * 2];
}

/** Round numbers between the two: 1, 2 and 5 of every power of ten, or the powers alone where that would crowd. */
export function logSplits(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const steps = decades > 5 ? [1] : decades > 2.5 ? [1, 3] : [1, 2, 5];
  const splits: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) {
    for (const step of steps) if (step * power >= low && step * power <= high) splits.push(step * power);
  }
  return splits;
}

/** The chart in a sentence, for those who do not see it. */
export function describeChart(beats: readonly BeatView[], spell: (tokens: number) => string): string {
  const counted = beats.map((beat) => beat.tokens).filter((tokens) => tokens > 0);
  if (counted.length === 0) return "No cycle with tokens yet.";
  const low = counted.reduce((min, value) => Math.min(min, value));
  const high = counted.reduce((max, value) => Math.max(max, value));
  const baseline = beats.findLast((beat) => beat.baseline !== null)?.baseline ?? null;
  const usual = baseline === null ? "The baseline is still being learned." : `Usual are ${spell(baseline)}.`;
  return `${spell(counted.length)} cycles between ${spell(low)} and ${spell(high)} tokens. ${usual}`;
}
