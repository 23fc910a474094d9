import type { IncidentKind, Severity } from "../incident.ts";
import type { LivenessSource } from "../settings.ts";
import type { DurationMs, Ms } from "../time.ts";
import type { PeriodCost, UsageSum } from "./cost.ts";
import type { DaySpan, ReportPeriod, Span } from "./facts.ts";
import type { Outage } from "./outages.ts";
import type { Pattern } from "./patterns/pattern.ts";
import type { Restart } from "./restarts.ts";
import type { Moment } from "./timeline.ts";

/**
 * A local day, week or month in five answers and the slow patterns, for each agent and for all together. Data; text and HTML are made
 * from it elsewhere.
 */
export interface Report {
  readonly period: ReportPeriod;
  /** The first local day. */
  readonly date: string;
  readonly zone: string;
  readonly from: Ms;
  readonly to: Ms;
  /** Until when it was over when the report was made; `to`, unless it was made before. */
  readonly until: Ms;
  readonly madeAt: Ms;
  /** Nothing happened that a person would want to read about. */
  readonly quiet: boolean;
  /** The days of the period, in order. */
  readonly days: readonly DaySpan[];
  readonly beforeDays: number;
  readonly fleet: FleetReport;
  /** By name; agents first seen after the period are not in it. */
  readonly agents: readonly AgentReport[];
}

export interface AgentReport {
  readonly name: string;
  readonly liveness: LivenessSource;
  readonly quiet: boolean;
  /** 1. Was it alive all the time? */
  readonly alive: Alive;
  /** 2. How many restarts, when, why, by whom; which failed. */
  readonly restarts: readonly Restart[];
  /** 3. Did tokens or cost per cycle leave the baseline? */
  readonly cost: PeriodCost;
  /** 4. What the loop detector, the budgets and the cooldowns did. */
  readonly events: readonly ReportEvent[];
  /** 5. What recovered by itself … */
  readonly recovered: readonly Recovered[];
  /** … and what is open now. */
  readonly open: readonly OpenIncident[];
  /** What no single day or alert shows; over the last 30 days, whatever the period. */
  readonly patterns: readonly Pattern[];
  /** One for each day of the period. */
  readonly days: readonly AgentDay[];
  /** Most expensive first. */
  readonly models: readonly ModelUse[];
}

/** What an agent did and used on one day. */
export interface AgentDay {
  readonly date: string;
  readonly up: DurationMs;
  readonly down: DurationMs;
  readonly restarts: number;
  readonly usage: UsageSum;
}

/** What was used of one model. */
export interface ModelUse {
  readonly provider: string | null;
  readonly model: string | null;
  readonly calls: number;
  readonly tokens: number;
  /** Null when nothing of it has a price. */
  readonly costUsdMicros: number | null;
  /** Tokens of calls without a price; their cost is missing from the sum. */
  readonly unpricedTokens: number;
}

export interface Alive {
  /**
   * `yes`; `no`; `while-observed`: never seen down, but not always seen; `not-running`: paused, stopped, waiting or unseen all the time, so
   * that there is nothing to answer.
   */
  readonly verdict: "yes" | "no" | "while-observed" | "not-running";
  /** Up over up and down, from 0 to 1; null when it was neither. */
  readonly availability: number | null;
  /** Milliseconds of each; together the length of the period. */
  readonly time: Readonly<Record<Moment, DurationMs>>;
  /** The part that was there to be seen (since it was first seen, until now), and how much of it was seen. */
  readonly dueMs: DurationMs;
  readonly observedMs: DurationMs;
  readonly outages: readonly Outage[];
  readonly unseen: readonly Span[];
  /** Up and down on each day of the period. */
  readonly byDay: readonly { readonly up: DurationMs; readonly down: DurationMs }[];
}

export interface ReportEvent {
  readonly at: Ms;
  readonly kind: IncidentKind | "cooldown" | "exhausted" | "start-refused";
  readonly text: string;
  /** When it was over; null while it lasts, and for what happens in a moment. */
  readonly endedAt: Ms | null;
}

export interface Recovered {
  readonly kind: IncidentKind;
  readonly title: string;
  readonly since: Ms;
  readonly resolvedAt: Ms;
  readonly by: "itself" | "restart";
}

export interface OpenIncident {
  readonly id: number;
  readonly kind: IncidentKind;
  readonly severity: Severity;
  readonly title: string;
  readonly text: string;
  readonly since: Ms;
  readonly acknowledged: boolean;
  /** False while a supervisor is still mending it. */
  readonly needsHuman: boolean;
}

export interface FleetReport extends UsageSum {
  readonly agents: number;
  /** How many agents got each verdict. */
  readonly verdicts: Readonly<Record<Alive["verdict"], number>>;
  readonly availability: number | null;
  readonly restarts: number;
  readonly failedRestarts: number;
  readonly outages: number;
  /** Names of the agents whose cost left what is usual. */
  readonly leftBaseline: readonly string[];
  readonly events: number;
  readonly recovered: number;
  /** Warnings and pages that were opened in the period, by kind, most first. */
  readonly alerts: readonly { readonly kind: IncidentKind; readonly count: number }[];
  readonly patterns: readonly { readonly agent: string; readonly pattern: Pattern }[];
  readonly days: readonly AgentDay[];
  readonly models: readonly ModelUse[];
  /** Usage of each of the days in which slow patterns are looked for. */
  readonly trend: readonly { readonly date: string; readonly usage: UsageSum }[];
  readonly needsHuman: readonly { readonly agent: string; readonly incident: OpenIncident }[];
}
