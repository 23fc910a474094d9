import { defaultSettings, type AgentSettings, type DurationMs } from "@midwatch/core";
import type { SupervisedSettings } from "@midwatch/protocol";
import type { Command } from "./process/command-line.ts";

/** One agent to be kept alive. Durations in milliseconds. */
export interface SupervisedAgent {
  /** Unique among the agents of one supervisor. */
  readonly name: string;
  /** An argument list is run as it is; a line as a person types it into a shell. */
  readonly run: Command;
  /** Absolute. */
  readonly cwd: string;
  /** On top of the supervisor's own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
  readonly liveness: "beats" | "process";
  /** Null: what beats declare, else learned from 60 s. */
  readonly intervalMs: DurationMs | null;
  readonly missedLimit: number;
  readonly restart: "always" | "on-failure" | "never";
  /** Start to start; the first restart is immediate. */
  readonly cooldownMs: DurationMs;
  /** Failed restarts in a row before a human is asked. */
  readonly maxRestarts: number;
  readonly probationMs: DurationMs;
  /** From the start to the first beat. */
  readonly startupMs: DurationMs;
  /** From TERM to KILL. */
  readonly stopGraceMs: DurationMs;
}

/** The agent's settings as the core reads them: this watcher keeps the agent itself. */
export function settingsOf(agent: SupervisedAgent): AgentSettings {
  const { intervalMs, missedLimit, startupMs, liveness, restart, cooldownMs, maxRestarts, probationMs } = agent;
  return {
    ...defaultSettings,
    intervalMs,
    missedLimit,
    startupMs,
    liveness,
    restart: { ...defaultSettings.restart, restart, cooldownMs, maxRestarts, probationMs },
    keeps: true,
  };
}

/** The same for the server, so that it judges alike. */
export function wireSettingsOf(agent: SupervisedAgent): SupervisedSettings {
  return {
    interval_ms: agent.intervalMs,
    missed_limit: agent.missedLimit,
    startup_ms: agent.startupMs,
    liveness: agent.liveness,
    max_restarts: agent.maxRestarts,
    cooldown_ms: agent.cooldownMs,
    tags: [...agent.tags],
  };
}
