import type { Exit, Ms } from "@midwatch/core";
import type { EvidenceBundle } from "@midwatch/protocol";
import type { StartedRun, StopReason } from "../journal/entry.ts";
import type { FoundRun } from "../process/marker.ts";

/**
 * What the keeper keeps: a process, a container, a unit or a job. At most one run of it lives at a time. Nothing here
 * decides: it starts, stops and tells, and it verifies that what was asked for has happened.
 */
export interface Target {
  /** As a person calls it: "process", "container bot". */
  readonly what: string;
  /** A run is known to live, or its end is not told yet. */
  readonly isRunning: boolean;
  /** Why the running one is being ended; null while it is not. */
  readonly stopReason: StopReason | null;
  /** It lives on without its supervisor's order to end: what a platform runs is not stopped together with Midwatch. */
  readonly outlivesSupervisor: boolean;
  /** What lives of the runs of an earlier life of this supervisor. */
  sight(): Promise<Sight>;
  /** Starts a run; the last one must be gone (`swept`). */
  start(order: RunOrder): Promise<RunStart>;
  /** Takes over a living run of an earlier life of this supervisor. Resolves to the pid a person knows it by; null where there is none. */
  adopt(run: Pick<StartedRun, "runId" | "identity">): Promise<number | null>;
  /** Ends a run that should have ended long ago, before another is started beside it. */
  endStray(run: Pick<StartedRun, "runId" | "identity">): Promise<void>;
  /** A run that has ended unseen may have left something. Resolves to how it ended, as far as that was written down. */
  remember(run: Pick<StartedRun, "runId" | "identity">): Promise<Pick<Exit, "code" | "signal" | "oom">>;
  /** Begins to end what runs, or does so faster with `kill`. The newest reason is the one that counts. */
  stop(why: StopReason, how: { readonly kill: boolean }): void;
  /** The agent asks for more time to end, this long from now; capped by its settings. */
  grant(ms: number): void;
  /** Waits no longer for what is being stopped. */
  hurry(): void;
  /** The end of the last run is written down: ends what is left of it, and forgets it. Resolves to a sentence when something cannot be ended, else to null. */
  swept(): Promise<string | null>;
  /** Sees to it that nobody but this supervisor starts it again. */
  hold(): Promise<void>;
  /** The last lines printed, oldest first. */
  lastLines(limit: number): Promise<readonly string[]>;
  /** It prints so much that it has to be looked at more often than others. */
  readonly isChatty: boolean;
  /** Passes on output and keeps its files in bounds. */
  look(): Promise<void>;
  /** Watches no more and lets it live. */
  letGo(): void;
}

export interface Sight {
  /** Living runs, oldest first. */
  readonly found: readonly FoundRun[];
  readonly isAlive: (run: StartedRun) => boolean;
}

export interface RunOrder {
  readonly runId: string;
  readonly environment: Readonly<Record<string, string>>;
}

export type RunStart =
  | { readonly ok: true; readonly run: Pick<StartedRun, "runId" | "identity">; readonly pid: number | null }
  /** `isPassing`: nothing is wrong with the agent, and trying again in a while may help: no memory, a daemon that is away. */
  | { readonly ok: false; readonly reason: string; readonly isPassing: boolean };

/** What a target tells its keeper. */
export interface TargetEvents {
  /** The run has ended. What it started may still live: `swept` tells. */
  readonly onEnded: (end: RunEnd) => void;
  /** It could not be ended by any means; `why` is for a person. */
  readonly onUnkillable: (why: string) => void;
  /** It runs although this supervisor did not start it; a platform or a person did. `by` is a clause. */
  readonly onAppeared: (by: string) => void;
  readonly onEvidence: (evidence: EvidenceBundle) => void;
  readonly log: (line: string) => void;
}

export interface RunEnd {
  readonly runId: string;
  readonly at: Ms;
  readonly exit: Exit;
}
