import type { BudgetLimits } from "./budget-limit.ts";
import type { IncidentKind, Severity } from "./incident.ts";
import type { CostSettings } from "./cost/settings.ts";
import { defaultCostSettings } from "./cost/settings.ts";
import { HOUR, MINUTE, SECOND, type DurationMs } from "./time.ts";

/** Which signal counts as life. `process` is weaker than beats, is chosen explicitly and is named wherever it is shown. */
export type LivenessSource = "beats" | "process";

export interface RestartSettings {
  /** `on-failure` leaves an agent that ended with status 0 stopped. */
  readonly restart: "always" | "on-failure" | "never";
  /** Least time between two automatic starts, start to start; the first restart is immediate. */
  readonly cooldownMs: DurationMs;
  /** Failed attempts in a row before a human is asked. */
  readonly maxRestarts: number;
  /** Automatic restarts allowed in 24 h, however slowly the agent crashes. */
  readonly maxRestartsPerDay: number;
  /** How long a restarted agent must stay healthy before the counter returns to zero. */
  readonly probationMs: DurationMs;
}

/** Everything a person can set for one agent. Durations in milliseconds. */
export interface AgentSettings {
  /** An operator's interval; overrides what beats declare. Null: declared by beats, else learned. */
  readonly intervalMs: DurationMs | null;
  /** Assumed until something declares or teaches another interval. */
  readonly assumedIntervalMs: DurationMs;
  /** Null: 10 % of the interval, at least 1 s, at most 30 s. */
  readonly graceMs: DurationMs | null;
  /** Missed beats before the agent counts as down. At least 1. */
  readonly missedLimit: number;
  readonly maxLeaseMs: DurationMs;
  /** From first known (or started) to the first beat. */
  readonly startupMs: DurationMs;
  /** From `shutting_down` to `stopped`. */
  readonly drainMs: DurationMs;
  readonly liveness: LivenessSource;
  /** Consecutive `error` beats that open `failing`. */
  readonly failingLimit: number;
  /** Opens `stuck` when `progress` has not changed for this many cycles; null is off. */
  readonly stuckCycles: number | null;
  readonly clockSkewMs: DurationMs;
  readonly cost: CostSettings;
  /** What a `runaway` does besides paging: `pause` holds the agent until a person resumes it. */
  readonly onRunaway: "page" | "pause";
  /** What the agent may use at most; empty is no budget. */
  readonly budget: BudgetLimits;
  /** `shadow`: the loop detector decides and records, and notifies nobody. */
  readonly detector: "on" | "shadow";
  readonly restart: RestartSettings;
  /** Overrides of the default severities. */
  readonly severities: Readonly<Partial<Record<IncidentKind, Severity>>>;
  /**
   * True where this watcher itself starts and stops the agent (the supervisor): decisions then include restarts.
   * False on the server, which hears of them.
   */
  readonly keeps: boolean;
  /**
   * True where the supervisor gives each run its id; false where a platform starts the agent (a container, a unit), which
   * then names its runs by itself or not at all.
   */
  readonly namesRuns: boolean;
}

export const defaultSettings: AgentSettings = {
  intervalMs: null,
  assumedIntervalMs: 60 * SECOND,
  graceMs: null,
  missedLimit: 2,
  maxLeaseMs: HOUR,
  startupMs: 2 * MINUTE,
  drainMs: 5 * MINUTE,
  liveness: "beats",
  failingLimit: 3,
  stuckCycles: null,
  clockSkewMs: 30 * SECOND,
  cost: defaultCostSettings,
  onRunaway: "page",
  budget: {},
  detector: "on",
  restart: {
    restart: "always",
    cooldownMs: 5 * MINUTE,
    maxRestarts: 3,
    maxRestartsPerDay: 6,
    probationMs: 10 * MINUTE,
  },
  severities: {},
  keeps: false,
  namesRuns: true,
};
