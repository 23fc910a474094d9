import type { HistoryEntry } from "../effect.ts";
import type { IncidentKind, ResolvedBy, Severity } from "../incident.ts";
import type { LivenessSource } from "../settings.ts";
import type { LivenessState } from "../state.ts";
import type { DurationMs, Ms } from "../time.ts";
import type { SlowFacts } from "./patterns/slow-facts.ts";

/** From `from` up to, not including, `to`. */
export interface Span {
  readonly from: Ms;
  readonly to: Ms;
}

export type ReportPeriod = "day" | "week" | "month";

/** One local day. It may have 23 or 25 hours. */
export interface DaySpan extends Span {
  /** "2026-11-24" */
  readonly date: string;
}

/**
 * All that a report is made of. The bounds come from outside: which moments are one day in a named zone is a question for a
 * calendar.
 */
export interface ReportFacts {
  readonly period: ReportPeriod;
  /** The first local day, "2026-11-24". */
  readonly date: string;
  /** The zone's name, "Europe/Berlin". */
  readonly zone: string;
  readonly from: Ms;
  readonly to: Ms;
  /** When the facts were gathered. Before `to`, the report is one of a day that is not over. */
  readonly madeAt: Ms;
  /** The days of the period, in order. */
  readonly days: readonly DaySpan[];
  /** The whole days in which slow patterns are looked for, in order: `slowDayCount` up to the end of the period. */
  readonly slowDays: readonly DaySpan[];
  /** How many days before the period its cost is compared with. */
  readonly beforeDays: number;
  readonly agents: readonly AgentFacts[];
}

export interface AgentFacts {
  readonly name: string;
  readonly firstSeenAt: Ms;
  readonly liveness: LivenessSource;
  /** The state the period began with; null when the agent was not known then. */
  readonly atStart: { readonly state: LivenessState; readonly since: Ms; readonly why: string | null } | null;
  /** The period's history in the order it was written; what a spool delivered may carry earlier times than what stands before it. */
  readonly history: readonly HistoryEntry[];
  /** Those that overlap the period, and those open when the facts were gathered. */
  readonly incidents: readonly IncidentFact[];
  /** When the watcher was blind; may reach over its ends. */
  readonly blind: readonly Span[];
  /** Parts of `blind` that beats from a supervisor's spool have covered since. */
  readonly covered: readonly Span[];
  /** True while a supervisor is at work on the agent: starting it, watching its probation, waiting for the next attempt. */
  readonly mending: boolean;
  /** In order. */
  readonly hours: readonly HourFacts[];
  /** Of the `beforeDays` local days before. */
  readonly beforeHours: readonly HourFacts[];
  readonly models: readonly ModelFacts[];
  readonly slow: SlowFacts;
  /** Mean tokens per cycle that the period's first cycles were compared with; null while none is known. */
  readonly baseline: number | null;
}

export interface IncidentFact {
  readonly id: number;
  readonly kind: IncidentKind;
  readonly severity: Severity;
  readonly since: Ms;
  readonly openedAt: Ms;
  readonly title: string;
  readonly text: string;
  readonly acknowledged: boolean;
  readonly resolvedAt: Ms | null;
  readonly resolvedBy: ResolvedBy | null;
}

/** What an agent used in one UTC hour. */
export interface HourFacts {
  readonly hour: Ms;
  /** Cycles that used tokens. */
  readonly cycles: number;
  readonly tokens: number;
  readonly maxCycleTokens: number;
  readonly costUsdMicros: number;
  /** Beats that used tokens and have no price. */
  readonly unpricedBeats: number;
  /** Cycles that told how long they took, and how long that was together. */
  readonly timedCycles: number;
  readonly cycleMs: DurationMs;
  /** Null when no beat told. */
  readonly maxMemoryBytes: number | null;
}

/** What an agent used of one model on one day of the period. */
export interface ModelFacts {
  readonly date: string;
  readonly provider: string | null;
  readonly model: string | null;
  readonly calls: number;
  readonly tokens: number;
  readonly costUsdMicros: number;
  readonly unpricedTokens: number;
}
