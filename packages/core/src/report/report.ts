import type { IncidentKind, Severity } from "../incident.ts";
import type { LivenessSource } from "../settings.ts";
import type { DurationMs, Ms } from "../time.ts";
import type { DayCost, UsageSum } from "./day-cost.ts";
import type { Span } from "./facts.ts";
import type { Outage } from "./outages.ts";
import type { Restart } from "./restarts.ts";
import type { Moment } from "./timeline.ts";

/** One local day in five answers, for each agent and for all together. Data; text and HTML are made from it elsewhere. */
export interface DailyReport {
  readonly date: string;
  readonly zone: string;
  readonly from: Ms;
  readonly to: Ms;
  /** Until when the day was over when the report was made; `to`, unless it was made during the day. */
  readonly until: Ms;
  readonly madeAt: Ms;
  /** Nothing happened that a person would want to read about. */
  readonly quiet: boolean;
  readonly fleet: FleetReport;
  /** By name; agents first seen after the day are not in it. */
  readonly agents: readonly AgentReport[];
}

export interface AgentReport {
  readonly name: string;
  readonly liveness: LivenessSource;
  readonly quiet: boolean;
  /** 1. Was it alive the whole day? */
  readonly alive: Alive;
  /** 2. How many restarts, when, why, by whom; which failed. */
  readonly restarts: readonly Restart[];
  /** 3. Did tokens or cost per cycle leave the baseline? */
  readonly cost: DayCost;
  /** 4. What the loop detector, the budgets and the cooldowns did. */
  readonly events: readonly ReportEvent[];
  /** 5. What recovered by itself … */
  readonly recovered: readonly Recovered[];
  /** … and what is open now. */
  readonly open: readonly OpenIncident[];
}

export interface Alive {
  /**
   * `yes`; `no`; `while-observed`: never seen down, but not always seen; `not-running`: paused, stopped, waiting or unseen all day, so
   * that there is nothing to answer.
   */
  readonly verdict: "yes" | "no" | "while-observed" | "not-running";
  /** Up over up and down, from 0 to 1; null when it was neither. */
  readonly availability: number | null;
  /** Milliseconds of each; together the length of the day. */
  readonly time: Readonly<Record<Moment, DurationMs>>;
  /** The part of the day that was there to be seen (since it was first seen, until now), and how much of it was seen. */
  readonly dueMs: DurationMs;
  readonly observedMs: DurationMs;
  readonly outages: readonly Outage[];
  readonly unseen: readonly Span[];
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
  readonly needsHuman: readonly { readonly agent: string; readonly incident: OpenIncident }[];
}
