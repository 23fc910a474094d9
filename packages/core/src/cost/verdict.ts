import type { ClosedAlarm } from "./alarm.ts";

/** What one scale says, with every number behind it. Tokens are means per cycle. */
export interface ScaleReading {
  readonly by: "scale";
  /** How many cycles the scale looks at: 1, 10 or 50. */
  readonly cycles: number;
  readonly lastTokens: number;
  readonly meanTokens: number;
  readonly baseline: number;
  /** `meanTokens` as a multiple of `baseline`. */
  readonly ratio: number;
  /** The dearest run of as many cycles in the long window, per cycle; 0 when there is none yet. */
  readonly largestBefore: number;
  /** Mean above which this scale alarms: the factor times the baseline, and clear of the dearest before. */
  readonly threshold: number;
}

/** A cycle above the absolute cap, before there is a baseline to judge it by. */
export interface CapReading {
  readonly by: "cap";
  readonly lastTokens: number;
  readonly threshold: number;
}

/** Why a cycle raised nothing. `off`: detectors are off while the agent shuts down. */
export type QuietReason = "idle" | "off" | "warming-up" | "usual";

/** What the detector says of one cycle. `closed` tells of an alarm that this very cycle ended. */
export type Verdict =
  | {
      readonly alarm: "none";
      readonly reason: QuietReason;
      /** What the cycle was compared with; null during warm-up. */
      readonly baseline: number | null;
      readonly closed: ClosedAlarm | null;
    }
  /** Far above the baseline, but inside what the agent has done before. Opens nothing that lasts. */
  | { readonly alarm: "spike"; readonly baseline: number; readonly because: ScaleReading; readonly closed: null }
  | {
      readonly alarm: "runaway" | "drift";
      readonly change: "opened" | "continues";
      /** Seen in a cycle that had not ended. */
      readonly inOpenCycle: boolean;
      readonly baseline: number | null;
      readonly because: ScaleReading | CapReading;
      readonly closed: ClosedAlarm | null;
    };
