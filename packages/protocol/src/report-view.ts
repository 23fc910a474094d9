// What a report looks like on the wire.

import type { AgentView, Iso } from "./api.ts";

/** From `from` up to, not including, `to`. */
export interface SpanView {
  from: Iso;
  to: Iso;
}

/**
 * `GET /api/v1/reports/daily|weekly|monthly`: a local day, week or month in five answers, for the fleet and for each agent, and the slow
 * patterns. Fractions are from 0 to 1.
 */
export interface ReportView {
  period: "day" | "week" | "month";
  /** The first local day, "2026-11-24", in `time_zone`; weeks begin on Monday. */
  date: string;
  /** The last one. */
  last_date: string;
  /** The only agent it is about; null when it is about all. */
  agent: string | null;
  time_zone: string;
  from: Iso;
  to: Iso;
  /** Until when it was over when the report was made: `to`, unless it was made before. */
  until: Iso;
  made_at: Iso;
  /** Nothing happened that a person would want to read about. */
  quiet: boolean;
  /** What was sent about it to the channels, and when; null when nothing was. */
  sent: { at: Iso; text: string } | null;
  /** What is known of it has changed since the report was sent. */
  revised: boolean;
  fleet: FleetReportView;
  /** How many days before it its cost is compared with. */
  before_days: number;
  agents: AgentReportView[];
  /** Names of those with nothing to tell. */
  quiet_agents: string[];
  /** Agents that were left out of `agents`: quiet ones, and those beyond the bound of a message. Only in webhooks. */
  agents_left_out?: number;
}

export interface UsageView {
  tokens: number;
  cycles: number;
  max_cycle_tokens: number;
  /** Null when nothing of it has a price. */
  cost_usd: number | null;
  /** Beats that used tokens and have no price; their cost is missing from `cost_usd`. */
  unpriced_beats: number;
}

export type AliveVerdict = "yes" | "no" | "while-observed" | "not-running";

export interface FleetReportView {
  agents: number;
  alive: Record<AliveVerdict, number>;
  availability: number | null;
  outages: number;
  restarts: number;
  failed_restarts: number;
  usage: UsageView;
  /** Names of the agents whose cost left what is usual. */
  left_baseline: string[];
  events: number;
  recovered: number;
  /** Warnings and pages that were opened in the period, by kind, most first. */
  alerts: { kind: string; count: number }[];
  patterns: (PatternView & { agent: string })[];
  days: ReportDayView[];
  /** Most expensive first. */
  models: ModelUseView[];
  /** The most expensive agents, at most 20. */
  spenders: { agent: string; usage: UsageView }[];
  /** Usage of each of the 30 days up to the end of the period, whatever its length. */
  trend: { date: string; usage: UsageView }[];
  needs_human: (OpenIncidentView & { agent: string })[];
}

/** Something slow that no single alert shows, seen in the 30 days up to the end of the period. */
export interface PatternView {
  kind: string;
  /** One clause: "tokens per cycle creep up, 24 % a week". */
  title: string;
  /** What it was seen in, a line each. */
  evidence: string[];
  /** What to do next, as a sentence. */
  next: string;
  unit: "tokens" | "ms" | "bytes" | null;
  /** For a chart; may be empty. */
  series: { at: Iso; value: number }[];
}

/** One day of the period. */
export interface ReportDayView {
  date: string;
  up_s: number;
  down_s: number;
  restarts: number;
  usage: UsageView;
}

export interface ModelUseView {
  provider: string | null;
  model: string | null;
  calls: number;
  tokens: number;
  /** Null when nothing of it has a price. */
  cost_usd: number | null;
  /** Tokens of calls without a price; their cost is missing from `cost_usd`. */
  unpriced_tokens: number;
}

export interface AgentReportView {
  name: string;
  liveness: AgentView["liveness"];
  quiet: boolean;
  /** 1. Was it alive all the time? */
  alive: {
    verdict: AliveVerdict;
    availability: number | null;
    /** Seconds by what the agent was. */
    time_s: Record<string, number>;
    /** The part that was there to be seen, and how much of it was seen. */
    due_s: number;
    observed_s: number;
    outages: {
      from: Iso;
      /** Null when it went on past the period. */
      to: Iso | null;
      /** Inside the period. */
      duration_s: number;
      unseen_s: number;
      cause: string;
      kinds: string[];
    }[];
    unseen: SpanView[];
  };
  /** 2. How many restarts, when, why, by whom; which failed. */
  restarts: {
    at: Iso;
    by: "supervisor" | "person" | "unknown";
    who: string | null;
    reason: string | null;
    /** Why, as one short word: "crashed 3", "SIGSEGV", "out of memory (certain)", "hung", "asked by Ada"; null when nothing was seen. */
    cause: string | null;
    attempt: number | null;
    outcome: "succeeded" | "failed" | "undecided";
  }[];
  /** 3. Did tokens or cost per cycle leave the baseline? */
  cost: UsageView & {
    left: "no" | "above" | "below" | "unclear";
    tokens_per_cycle: number | null;
    cost_usd_per_cycle: number | null;
    baseline_tokens: number | null;
    times_baseline: number | null;
    /** The days before the period, as one ordinary day. */
    before: {
      days: number;
      tokens_per_day: number;
      tokens_per_cycle: number;
      cost_usd_per_day: number | null;
      cost_usd_per_cycle: number | null;
    } | null;
    times_before: number | null;
    cost_times_before: number | null;
  };
  /** 4. What the loop detector, the budgets and the cooldowns did. */
  events: { at: Iso; kind: string; text: string; ended_at: Iso | null }[];
  /** 5. What recovered by itself … */
  recovered: { kind: string; title: string; since: Iso; resolved_at: Iso; by: "itself" | "restart" }[];
  /** … and what is open now. */
  open: OpenIncidentView[];
  patterns: PatternView[];
  /** Empty in messages. */
  days: ReportDayView[];
  models: ModelUseView[];
}

export interface OpenIncidentView {
  id: number;
  kind: string;
  severity: "page" | "warn" | "info";
  title: string;
  text: string;
  since: Iso;
  acknowledged: boolean;
  /** False while a supervisor is still mending it. */
  needs_human: boolean;
}
