// What a platform that runs agents by itself (Docker, systemd, launchd) must be able to do, so that one policy can stand
// over all of them. A driver only asks and tells; the waiting, the verifying and the ladder are PlatformTarget's, once for
// all. To add a platform, write one driver and name it in `open-target.ts`.

import type { DurationMs, Ms, OutOfMemory } from "@midwatch/core";

export type Platform = "docker" | "systemd" | "launchd";

/** One life of what is kept. */
export interface Life {
  /** Of its main process as this host counts; null where the platform tells none. */
  readonly pid: number | null;
  /** Opaque, and different for every start: a container's id and start time, a unit's invocation. */
  readonly token: string;
}

/** How the last life ended, as far as the platform knows. Both `code` and `signal` are null when it cannot say. */
export interface LifeEnd {
  readonly at: Ms | null;
  readonly code: number | null;
  /** As in `SIGKILL`. */
  readonly signal: string | null;
  readonly oom: OutOfMemory | null;
}

export type Observation =
  | {
      readonly known: true;
      /** What runs now; null when nothing does. */
      readonly running: Life | null;
      readonly lastEnd: LifeEnd | null;
      /** The platform is about to start it again by itself. */
      readonly restarting: boolean;
      /** What a person should know about it now, such as "systemd has given up on it (start limit hit)"; else null. */
      readonly remark: string | null;
    }
  /** The platform knows no such container, unit or job. `reason` says what was looked for, where, and what to do. */
  | { readonly known: false; readonly reason: string };

/** Why a platform did not do what it was asked: for a person, with what to do. */
export interface Refusal {
  readonly reason: string;
}

export interface StartRequest {
  readonly runId: string;
  /** The `MIDWATCH_…` variables of the new run; handed over where the platform has a way to. */
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * One container, unit or job. Every call is bounded by the driver itself (a few seconds; `observe` included) and rejects
 * with a `SupervisorError` of code `platform_unavailable` when the platform cannot be reached, which says nothing about the agent.
 */
export interface PlatformDriver {
  readonly platform: Platform;
  /** As a person calls it: "container bot", "unit bot.service". */
  readonly what: string;
  observe(): Promise<Observation>;
  /** Asks for a start and returns when that was taken; whether it runs is then observed. Starting what runs is no error. */
  start(request: StartRequest): Promise<Refusal | null>;
  /** Asks for an orderly stop, with the platform's own stop signal, and returns without waiting for it. */
  requestStop(): Promise<void>;
  /** Ends everything it runs by SIGKILL. */
  kill(): Promise<void>;
  /** Keeps the platform from starting it by itself until `start` is called; harmless when it would not have. */
  hold(): Promise<void>;
  /** Calls back when something may have changed, as a hint to observe; polling goes on beside it. Returns the end of it. */
  subscribe(hint: () => void): () => void;
  /** The last lines it printed, oldest first. Empty where they cannot be had. */
  lastLines(limit: number): Promise<readonly string[]>;
  /** What the platform itself knows about it at this moment, for the evidence of a hang: short texts by name. */
  evidence(): Promise<readonly { readonly name: string; readonly text: string }[]>;
  /** What fights with this supervisor, such as a restart policy of the platform's own: one sentence each, with the exact change. */
  conflicts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** How long one call of a driver may take. */
export const driverCallLimitMs: DurationMs = 10_000;
