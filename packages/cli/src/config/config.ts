import type { BudgetLimits } from "@midwatch/core";
import type { OwnPrices, ReportPlan, WatcherSettings } from "@midwatch/server";
import type { AlertSettings } from "@midwatch/server/alerts";
import type { ProviderSettings } from "@midwatch/meter/providers";
import type { SupervisedAgent } from "@midwatch/supervisor";

/** What one agent may leave to `defaults:`. */
export type AgentDefaults = Omit<
  SupervisedAgent,
  "name" | "target" | "cwd" | "env" | "tags" | "state" | "after" | "isReported"
> & {
  /** OpenTelemetry in the agent reports to the server, where it was not set up otherwise. */
  readonly telemetry: boolean;
};

/** An agent of the file: what the supervisor keeps, and what is put into its environment. */
export interface KeptAgent extends SupervisedAgent {
  readonly telemetry: boolean;
  /** Providers whose calls go through the meter. */
  readonly meter: readonly string[];
}

export interface MeterConfig {
  readonly host: string;
  readonly port: number;
  readonly maxCalls: number;
  readonly providers: Readonly<Record<string, ProviderSettings>>;
}

export const meterDefaults: MeterConfig = { host: "127.0.0.1", port: 4005, maxCalls: 2_000, providers: {} };

/** An agent that declares no state: nothing is looked at before a start. */
export const noState: SupervisedAgent["state"] = {
  files: [],
  validate: null,
  validateTimeoutMs: 30_000,
  onInvalid: "restore",
};

/** What several agents may use together. */
export interface Budgets {
  readonly install: BudgetLimits;
  /** By tag. */
  readonly tags: Readonly<Record<string, BudgetLimits>>;
}

export const noBudgets: Budgets = { install: {}, tags: {} };

export interface Config {
  /** The file it was read from; null when there is none. */
  readonly file: string | null;
  readonly server: {
    readonly host: string;
    readonly port: number;
    readonly dataDir: string;
    /** IANA name of the zone that days and reports are counted in. */
    readonly timezone: string;
    /** Where people reach the server; null leaves links out of messages. */
    readonly publicUrl: string | null;
    /** Refuse beats of agents that are not registered. */
    readonly strict: boolean;
    /** Channels may run programs of this machine. */
    readonly allowExec: boolean;
  };
  /** Null without a `meter:` section; then `midwatch meter` takes the defaults, and `up` runs none. */
  readonly meter: MeterConfig | null;
  /** What agents have in common, and what the server assumes of agents that nobody declared. */
  readonly defaults: AgentDefaults;
  readonly agents: readonly KeptAgent[];
  /** Over several agents. */
  readonly budgets: Budgets;
  readonly prices: OwnPrices;
  /** By name; each channel's type reads the rest. */
  readonly channels: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly alertsTo: readonly string[];
  /** Through which the supervisor tells people itself; null for those of `alertsTo`. */
  readonly fallback: string | null;
  /** Routes, quiet hours and the like; what is not given is as the server's defaults say. */
  readonly alerts: Partial<AlertSettings>;
  /** What elsewhere expects a sign of life; null for nothing. */
  readonly watcher: WatcherSettings | null;
  /** When reports are sent, and to whom; null sends none. */
  readonly report: ReportPlan | null;
}

export const agentDefaults: AgentDefaults = {
  telemetry: true,
  liveness: "beats",
  intervalMs: null,
  missedLimit: 2,
  restart: "always",
  cooldownMs: 5 * 60_000,
  maxRestarts: 3,
  maxRestartsPerDay: 6,
  probationMs: 10 * 60_000,
  startupMs: 2 * 60_000,
  stopAnnounceMs: 0,
  stopGraceMs: 10_000,
  stopLimitMs: 5 * 60_000,
  budget: {},
  onRunaway: "page",
  detector: "on",
  stuckCycles: null,
};
