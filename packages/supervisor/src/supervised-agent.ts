import {
  defaultSettings,
  utcCalendar,
  type Calendar,
  type AgentSettings,
  type BudgetLimits,
  type DurationMs,
} from "@midwatch/core";
import { limitsToWire, type SupervisedSettings } from "@midwatch/protocol";
import type { Command } from "./process/command-line.ts";
import type { StatePolicy } from "./state/state-policy.ts";

/** What is kept: a process of our own, or something that a platform of this host runs. */
export type TargetSpec =
  /** An argument list is run as it is; a line as a person types it into a shell. */
  | { readonly platform: "process"; readonly run: Command }
  /** A container by its name, on the daemon of `DOCKER_HOST` or the usual socket. */
  | { readonly platform: "docker"; readonly container: string }
  | { readonly platform: "systemd"; readonly unit: string; readonly scope: "system" | "user" }
  | { readonly platform: "launchd"; readonly label: string };

/** One agent to be kept alive. Durations in milliseconds. */
export interface SupervisedAgent {
  /** Unique among the agents of one supervisor. */
  readonly name: string;
  readonly target: TargetSpec;
  /** Absolute. A process runs here; state files and `validate` are looked for here. */
  readonly cwd: string;
  /** On top of the supervisor's own environment; for processes and `validate`. */
  readonly env: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  /** Looked at before every start. */
  readonly state: StatePolicy;
  /** Names of agents that are started before this one, and stopped after it. An order and no requirement. */
  readonly after: readonly string[];
  readonly liveness: "beats" | "process";
  /** Null: what beats declare, else learned from 60 s. */
  readonly intervalMs: DurationMs | null;
  readonly missedLimit: number;
  readonly restart: "always" | "on-failure" | "never";
  /** Start to start; the first restart is immediate. */
  readonly cooldownMs: DurationMs;
  /** Failed restarts in a row before a human is asked. */
  readonly maxRestarts: number;
  /** Automatic restarts within 24 h before a human is asked, however slowly it crashes. */
  readonly maxRestartsPerDay: number;
  readonly probationMs: DurationMs;
  /** From the start to the first beat. */
  readonly startupMs: DurationMs;
  /** From being told to stop, in the answers to its beats, to TERM. */
  readonly stopAnnounceMs: DurationMs;
  /** From TERM to KILL. */
  readonly stopGraceMs: DurationMs;
  /** From TERM to KILL at most, however much more time the agent asks for by a lease. At least `stopGraceMs`. */
  readonly stopLimitMs: DurationMs;
  /** What it may use at most; empty is no budget. */
  readonly budget: BudgetLimits;
  /** What a possible loop does besides paging: `pause` stops the agent until a person resumes it. */
  readonly onRunaway: "page" | "pause";
  /** `shadow`: the loop detector decides and records, and notifies nobody. */
  readonly detector: "on" | "shadow";
  /** Cycles without progress that open `stuck`; null is off. */
  readonly stuckCycles: number | null;
  /** False for Midwatch's own server, which cannot be told of itself: people are told directly. */
  readonly isReported: boolean;
}

/**
 * The agent's settings as the core reads them: this watcher keeps the agent itself. Budgets are judged by one watcher only,
 * which is the server where there is one: it knows what was metered past the supervisor, and what an operator has raised.
 */
export function settingsOf(agent: SupervisedAgent, { hasServer }: { readonly hasServer: boolean }): AgentSettings {
  const { intervalMs, missedLimit, startupMs, liveness } = agent;
  const { restart, cooldownMs, maxRestarts, maxRestartsPerDay, probationMs } = agent;
  const { budget, onRunaway, detector, stuckCycles } = agent;
  return {
    ...defaultSettings,
    intervalMs,
    missedLimit,
    startupMs,
    liveness,
    restart: { restart, cooldownMs, maxRestarts, maxRestartsPerDay, probationMs },
    budget: hasServer ? {} : budget,
    calendar: localCalendar,
    onRunaway,
    detector,
    stuckCycles,
    keeps: true,
    namesRuns: agent.target.platform === "process",
  };
}

/** The same for the server, so that it judges alike. */
export function wireSettingsOf(agent: SupervisedAgent): SupervisedSettings {
  return {
    interval_ms: agent.intervalMs,
    missed_limit: agent.missedLimit,
    startup_ms: agent.startupMs,
    liveness: agent.liveness,
    restart: agent.restart,
    max_restarts: agent.maxRestarts,
    cooldown_ms: agent.cooldownMs,
    tags: [...agent.tags],
    budget: limitsToWire(agent.budget),
    on_runaway: agent.onRunaway,
    detector: agent.detector,
    stuck_cycles: agent.stuckCycles,
  };
}

/** Hours, days and months of this machine's own time zone. */
const localCalendar: Calendar = (period, at) => {
  if (period === "hour") return utcCalendar(period, at);
  const date = new Date(at);
  const [year, month, day] = [date.getFullYear(), date.getMonth(), date.getDate()];
  return period === "day"
    ? { from: new Date(year, month, day).getTime(), to: new Date(year, month, day + 1).getTime() }
    : { from: new Date(year, month, 1).getTime(), to: new Date(year, month + 1, 1).getTime() };
};
