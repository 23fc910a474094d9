// What is remembered of one kind of cycle. A history is plain data and changes with every cycle, so it is kept in two
// parts: a small one that is new each time, and `long`, which stays the same object for 84 cycles and which a store may
// therefore skip. Everything the rule asks for is a sum over the last 250 or so cycles; adding them up takes half a
// microsecond, is exact for integers, and leaves no running totals that could go astray.

import type { Alarm } from "./alarm.ts";
import { blockCycles, emptyLongWindow, endBlock, largestOf, type LongWindow } from "./long-window.ts";
import type { CostScale, CostSettings, PerScale, ScaleIndex } from "./settings.ts";

export interface KindHistory {
  /** Cycles accepted in all. */
  readonly accepted: number;
  /**
   * How many cycles had been accepted when the present level was itself accepted as the new normal; null while that
   * has never happened. The baseline does not reach back before it.
   */
  readonly levelFrom: number | null;
  /** Accepted cycles of the present block, newest last. */
  readonly recent: readonly number[];
  /** The present block's largest sum per scale. */
  readonly sums: PerScale<number>;
  readonly alarm: Alarm | null;
  readonly long: LongWindow;
}

const noHistory: KindHistory = {
  accepted: 0,
  levelFrom: null,
  recent: [],
  sums: [0, 0, 0],
  alarm: null,
  long: emptyLongWindow,
};

export function emptyHistory(): KindHistory {
  return noHistory;
}

/** Accepts one cycle. */
export function learnCycle(history: KindHistory, tokens: number, settings: CostSettings): KindHistory {
  const seen = append(history, [tokens]);
  const learned = rememberSums(seen, [
    sumBefore(seen, settings.scales[0], settings),
    sumBefore(seen, settings.scales[1], settings),
    sumBefore(seen, settings.scales[2], settings),
  ]);
  if (learned.recent.length < blockCycles) return learned;
  const { accepted, recent: cycles, sums, long } = learned;
  return { ...learned, recent: [], sums: [0, 0, 0], long: endBlock(long, { accepted, cycles, sums }, settings) };
}

/** The history with cycles at its end that only look as if they were accepted: for reading sums, not for keeping. */
export function append(history: KindHistory, cycles: readonly number[]): KindHistory {
  // Every beat copies the list: `concat` takes 536 bytes for 60 cycles, spreading them 924.
  return { ...history, accepted: history.accepted + cycles.length, recent: history.recent.concat(cycles) };
}

/** Takes the last cycles back, as they turn out to belong to an incident. What they were part of stays in `sums`. */
export function unlearn(history: KindHistory, count: number): { history: KindHistory; cycles: readonly number[] } {
  if (count === 0) return { history, cycles: [] };
  const { recent, long, accepted } = history;
  if (count <= recent.length) {
    const cycles = recent.slice(-count);
    return { history: { ...history, accepted: accepted - count, recent: recent.slice(0, -count) }, cycles };
  }
  const all = [...long.before, ...recent];
  const rest = { ...long, before: all.slice(0, -count) };
  return { history: { ...history, accepted: accepted - count, recent: [], long: rest }, cycles: all.slice(-count) };
}

/** Remembers sums as something the agent has done before. */
export function rememberSums(history: KindHistory, sums: PerScale<number>): KindHistory {
  const [one, ten, fifty] = history.sums;
  return { ...history, sums: [Math.max(one, sums[0]), Math.max(ten, sums[1]), Math.max(fifty, sums[2])] };
}

/** The largest sum at a scale that the agent is known to have reached; 0 when it is too young to have one. */
export function largestSum(history: KindHistory, scale: ScaleIndex): number {
  return Math.max(history.sums[scale], largestOf(history.long, scale));
}

/** Cycles at hand, newest last. */
export function atHand({ long, recent }: KindHistory): number {
  return long.before.length + recent.length;
}

/** Cycles accepted since the present level began. */
export function acceptedAtLevel({ accepted, levelFrom }: KindHistory): number {
  return accepted - (levelFrom ?? 0);
}

/** The sum of `count` cycles that end `skip` cycles before the last. */
export function sumBack({ long, recent }: KindHistory, skip: number, count: number): number {
  const end = long.before.length + recent.length - skip;
  let sum = 0;
  for (let index = Math.max(0, end - count); index < end; index += 1) {
    const inRecent = index - long.before.length;
    sum += (inRecent >= 0 ? recent[inRecent] : long.before[index]) ?? 0;
  }
  return sum;
}

/** The newest sum of as many cycles as the scale judges, from before those and their gap; 0 when there is none yet. */
function sumBefore(history: KindHistory, scale: CostScale, settings: CostSettings): number {
  const gap = gapAfter(history.accepted, scale, settings);
  return atHand(history) < 2 * scale.cycles ? 0 : sumBack(history, scale.cycles + gap, scale.cycles);
}

/**
 * The gap between the cycles of a scale and those before. A young history has none: its first cycles say too little of
 * what is usual. Then it opens cycle by cycle, so that no cycle is passed over.
 */
export function gapAfter(accepted: number, { gapCycles }: CostScale, { novelty }: CostSettings): number {
  return Math.max(0, Math.min(gapCycles, accepted - novelty.growingBelow));
}
