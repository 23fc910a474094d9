// The question that is asked at each of the three scales: are the last k cycles dear against the 50 before them, and
// also dearer than any k cycles in a row that the agent is known to have spent before? Both must hold. The first alone
// pages every time an agent that polls cheaply acts dearly; the second alone never notices a cheap agent's first loop
// against one dear day. The cycles in question are left out of both comparisons: otherwise a rise that lasts would
// slowly become its own excuse.
//
// The widest scale also leaves out the 100 cycles before those. Growth of 2 % a cycle makes 50 cycles 2.69 times as
// dear as the 50 before them, never three times, and against a memory that follows it closely it never looks new:
//
//            ▁▁▁▁▁▁▁▁▁▁▁▂▂▂▂▃▃▃▄▄▅▆▇█
//     ├── 50 ──┤├───── 100 ────┤├── 50 ──┤
//      baseline      left out     judged       known before: all that ends where the baseline ends

import { acceptedAtLevel, atHand, gapAfter, largestSum, sumBack, type KindHistory } from "./history.ts";
import type { CostSettings, ScaleIndex } from "./settings.ts";
import type { ScaleReading } from "./verdict.ts";

/** What is compared at a scale; `history` ends with the cycle in question. Null while the scale is silent. */
export function readScale(history: KindHistory, scale: ScaleIndex, settings: CostSettings): ScaleReading | null {
  const { cycles } = settings.scales[scale];
  const acceptedBefore = acceptedAtLevel(history) - 1;
  if (acceptedBefore < 2 * cycles || isWarmingUp(history, acceptedBefore, settings)) return null;
  // A level that was accepted may be short, in a history that is not: then the gap takes what room there is.
  const room = Math.max(0, acceptedAtLevel(history) - cycles - settings.baselineCycles);
  const gap = Math.min(room, gapAfter(history.accepted, settings.scales[scale], settings));
  const baseline = meanBefore(history, cycles + gap, settings);
  return baseline === null ? null : compare(history, scale, { baseline, acceptedBefore }, settings);
}

/** The same against a given baseline: inside an incident, where it is frozen. */
export function compare(
  history: KindHistory,
  scale: ScaleIndex,
  against: { readonly baseline: number; readonly acceptedBefore: number },
  settings: CostSettings,
): ScaleReading {
  const { cycles, factor } = settings.scales[scale];
  const { baseline, acceptedBefore } = against;
  const meanTokens = sumBack(history, 0, cycles) / cycles;
  const largestBefore = largestSum(history, scale) / cycles;
  return {
    by: "scale",
    cycles,
    lastTokens: sumBack(history, 0, 1),
    meanTokens,
    baseline,
    ratio: meanTokens / baseline,
    largestBefore,
    threshold: Math.max(factor * baseline, noveltyFactor(acceptedBefore, settings) * largestBefore),
  };
}

export function isHot(reading: ScaleReading, settings: CostSettings): boolean {
  return reading.meanTokens > reading.threshold && reading.lastTokens > settings.floorTokens;
}

/** How many times the dearest before the last cycles must exceed. */
function noveltyFactor(accepted: number, { novelty }: CostSettings): number {
  if (accepted < novelty.youngBelow) return novelty.young;
  return accepted < novelty.growingBelow ? novelty.growing : novelty.grown;
}

/** The mean of the accepted cycles before the last `skip`, at most as many as make the baseline; null without any. */
export function meanBefore(history: KindHistory, skip: number, settings: CostSettings): number | null {
  const known = Math.min(acceptedAtLevel(history), atHand(history)) - skip;
  const count = Math.min(settings.baselineCycles, known);
  return count > 0 ? sumBack(history, skip, count) / count : null;
}

/** A level that a person or 50 cycles of drift have accepted needs no warm-up. */
function isWarmingUp({ levelFrom }: KindHistory, accepted: number, settings: CostSettings): boolean {
  return levelFrom === null && accepted < settings.warmUpCycles;
}
