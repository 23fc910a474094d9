import type { Beat } from "./beat.ts";
import type { CycleRecord } from "./effect.ts";
import { record, type Turn } from "./turn.ts";

/** Closes the cycle of a beat; the detector's verdicts become incidents here. */
export function judgeCost(_turn: Turn, beat: Beat): CycleRecord | null {
  return { kind: beat.cycleKind, tokens: beat.tokens, baseline: null, ms: beat.cycleMs };
}

/** A person says that what the agent costs now is its new normal. */
export function acceptBaselines(turn: Turn, by: string): void {
  record(turn, "baseline-accepted", `${by} accepted the present cost as the new normal`, { by });
}
