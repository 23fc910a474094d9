import type { HistoryEntry } from "../../effect.ts";
import type { Ms } from "../../time.ts";
import type { HourFacts, IncidentFact } from "../facts.ts";

/** Slow patterns are looked for in this many local days. */
export const slowDayCount = 30;

/** What is known of an agent over the last `slowDayCount` days. */
export interface SlowFacts {
  /** In the order it was written. */
  readonly history: readonly HistoryEntry[];
  /** In order. */
  readonly hours: readonly HourFacts[];
  readonly incidents: readonly IncidentFact[];
  /** Oldest first. */
  readonly deaths: readonly Death[];
}

/** A run that ended though nobody wanted it to. */
export interface Death {
  /** When the run began, as far as that is known. */
  readonly from: Ms;
  readonly at: Ms;
  /** "crashed 3", "hung", "out of memory (certain)" */
  readonly cause: string;
  /** Resident memory on the way there, oldest first; empty when nobody told. */
  readonly memory: readonly { readonly at: Ms; readonly bytes: number }[];
}

export const noSlowFacts: SlowFacts = { history: [], hours: [], incidents: [], deaths: [] };
