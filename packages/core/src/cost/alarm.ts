import type { ScaleIndex } from "./settings.ts";

/** An open `runaway` or `drift`. While it is there the history beside it is frozen. */
export interface Alarm {
  readonly kind: "runaway" | "drift";
  /** `cap`: opened before there was a baseline. */
  readonly by: "scale" | "cap";
  readonly scale: ScaleIndex;
  /** The baseline as it was when the alarm opened; null when there was none. */
  readonly baseline: number | null;
  /** Tokens at or below which the mean counts as calm. */
  readonly calmTokens: number;
  /** Tokens above which a cycle counts as dear. */
  readonly dearTokens: number;
  /** Tokens of the cycle that opened it, as far as it had got. */
  readonly openedTokens: number;
  /** Cycles ended since it opened, the one that opened it included. */
  readonly cycles: number;
  /** Calm cycles in a row. */
  readonly calm: number;
  /** The first few dear cycles: one more than a lone dear cycle may have. */
  readonly dear: readonly number[];
  /** The last cycles, accepted by nobody; newest last. They begin with those of the scale that became hot. */
  readonly tail: readonly number[];
}

/** How an alarm ended. */
export interface ClosedAlarm {
  readonly kind: "runaway" | "drift";
  /**
   * - `calm`: the agent came down by itself.
   * - `accepted`: it stayed so long that this is the new normal.
   * - `superseded`: the drift became a runaway.
   */
  readonly how: "calm" | "accepted" | "superseded";
  readonly cycles: number;
  readonly baseline: number | null;
}
