import type { DurationMs } from "@midwatch/core";
import { markerVariable } from "./marker.ts";

export interface AgentEnvironment {
  /** What the agent inherits, before its own settings. */
  readonly inherited: Readonly<Record<string, string | undefined>>;
  /** The agent's own `env`. */
  readonly own: Readonly<Record<string, string>>;
  /** What whoever keeps it adds to both; see `SupervisorOptions.environmentFor`. */
  readonly added: Readonly<Record<string, string>>;
  readonly url: string;
  readonly key: string;
  readonly agent: string;
  readonly runId: string;
  readonly marker: string;
  readonly intervalMs: DurationMs | null;
  /** Where a Python agent is to write its stack when it is asked by SIGUSR1. */
  readonly stackFile: string;
  /** After a crash: why, in words, and the file that tells the rest. */
  readonly death: { readonly reason: string; readonly tombstone: string } | null;
}

/** Any free port, and nothing printed about it. */
const debugging = "--inspect-port=0 --inspect-publish-uid=http";

/**
 * The environment of one run. Everything `MIDWATCH_…` of the supervisor's own environment is left behind: a key meant for
 * the supervisor, or the restart reason of a supervisor that is itself supervised, is none of the agent's business.
 *
 * Node.js listens for a debugger when it gets SIGUSR1, which is how a hung one is asked for its stack; on any free port, so
 * that agents and their children do not fight for one. Nothing listens before that.
 */
export function environmentOf(about: AgentEnvironment): Record<string, string> {
  const given = { ...givenTo(about), ...about.added };
  const { NODE_OPTIONS: options = "" } = given;
  return {
    ...given,
    ...(options.includes("--inspect") ? {} : { NODE_OPTIONS: `${options} ${debugging}`.trim() }),
    MIDWATCH_STACK_FILE: about.stackFile,
    MIDWATCH_URL: about.url,
    MIDWATCH_KEY: about.key,
    MIDWATCH_AGENT: about.agent,
    MIDWATCH_RUN_ID: about.runId,
    [markerVariable]: about.marker,
    ...(about.intervalMs === null ? {} : { MIDWATCH_INTERVAL: `${about.intervalMs}ms` }),
    ...(about.death === null
      ? {}
      : { MIDWATCH_RESTART_REASON: about.death.reason, MIDWATCH_TOMBSTONE: about.death.tombstone }),
  };
}

/** What an agent has of its own accord: the supervisor's environment and its settings. */
export function givenTo({ inherited, own }: Pick<AgentEnvironment, "inherited" | "own">): Record<string, string> {
  const environment: Record<string, string> = {};
  for (const [name, value] of Object.entries(inherited)) {
    if (value !== undefined && !name.startsWith("MIDWATCH_")) environment[name] = value;
  }
  return { ...environment, ...own };
}
