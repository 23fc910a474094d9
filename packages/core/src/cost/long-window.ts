// Remembers the dearest an agent has done in its last 10,080 accepted cycles, without remembering those cycles.
//
// For each scale we need one number: the largest sum of that many cycles in a row. Cycles are gathered in blocks of 84,
// each block leaves its largest sums behind, and of the blocks only those are kept that could still become the largest:
// a block that is followed by a larger one never can, because it also leaves the window first. What is left falls from
// old to new, its first entry is the answer, and ordinarily it has a handful of entries (at worst one per block, 121).
//
// The one approximation: a block leaves as a whole, when its last cycle leaves. So the window is never shorter than
// 10,080 cycles, and at most about 370 longer. Forgetting late can only make the detector quieter about something
// the agent did a week ago; forgetting early would page for something it is known to do.

import type { CostSettings, PerScale, ScaleIndex } from "./settings.ts";

/** Cycles per block. The state that changes with each cycle holds at most this many numbers. */
export const blockCycles = 84;

/** The largest sum of a block, and how many cycles had been accepted when the block ended. */
export type Peak = readonly [acceptedThen: number, sum: number];

/** The part of a history that changes only when a block ends: between that, the very same object. */
export interface LongWindow {
  /** Accepted cycles before the present block, newest last: as many as baseline and scales look back. */
  readonly before: readonly number[];
  /** Per scale, from old to new, sums strictly falling. */
  readonly peaks: PerScale<readonly Peak[]>;
}

export const emptyLongWindow: LongWindow = { before: [], peaks: [[], [], []] };

/** Files a full block away. `sums` are its largest sums, 0 where it has none. */
export function endBlock(
  long: LongWindow,
  block: { readonly accepted: number; readonly cycles: readonly number[]; readonly sums: PerScale<number> },
  settings: CostSettings,
): LongWindow {
  const oldest = block.accepted - settings.longWindowCycles;
  const add = (scale: ScaleIndex): readonly Peak[] => {
    const sum = block.sums[scale];
    const kept = long.peaks[scale].filter(([accepted, other]) => accepted > oldest && other > sum);
    return sum > 0 ? [...kept, [block.accepted, sum]] : kept;
  };
  return {
    before: [...long.before, ...block.cycles].slice(-lookBack(settings)),
    peaks: [add(0), add(1), add(2)],
  };
}

/** The largest sum of the ended blocks, or 0. */
export function largestOf(long: LongWindow, scale: ScaleIndex): number {
  return long.peaks[scale][0]?.[1] ?? 0;
}

/**
 * How many accepted cycles must be at hand: the widest scale, its gap, what lies before it, and as much again as an incident
 * takes back, so that the scales can still be read after it.
 */
function lookBack({ scales, baselineCycles }: CostSettings): number {
  const { cycles: widest, gapCycles } = scales[2];
  return widest + gapCycles + Math.max(widest, baselineCycles) + widest;
}
