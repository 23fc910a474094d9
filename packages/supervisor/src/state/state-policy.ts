import type { Exit } from "@midwatch/core";
import type { Command } from "../process/command-line.ts";

export type StateCheck = "json" | "jsonl" | "sqlite" | "envelope" | "none";

/** One declared state file. */
export interface StateFile {
  /** Absolute, or relative to the agent's `cwd`. */
  readonly path: string;
  readonly check: StateCheck;
  /** Generations kept of it, 0 to 20. */
  readonly keep: number;
}

export interface StatePolicy {
  readonly files: readonly StateFile[];
  /** The agent's own check: exit 0 good, 10 repaired, 20 unusable. */
  readonly validate: Command | null;
  readonly validateTimeoutMs: number;
  readonly onInvalid: "restore" | "fresh" | "stop";
}

/** The crash that a start follows. */
export interface Crash {
  readonly runId: string;
  readonly exit: Exit;
}

export type Admission =
  | {
      readonly fit: true;
      /** Sentences about what was done that changes nothing for the agent, or could not be done. */
      readonly notes: readonly string[];
      readonly invalid: {
        /** A clause: "state.json is cut off". */
        readonly reason: string;
        readonly action: "restored" | "fresh";
        /** Sentences: where the unusable state was put, and what took its place. */
        readonly text: string;
      } | null;
    }
  /** The agent must not be started: a person is asked. */
  | { readonly fit: false; readonly reason: string; readonly text: string };

export interface StateGate {
  /**
   * Looks at the state before a start. Never rejects.
   *
   * @param crash The death that the start follows; null when there was none, or when a person asked for the start: what
   * was known of earlier deaths is then forgotten. The same crash may be asked about again.
   */
  admit(crash: Crash | null): Promise<Admission>;
  /** The agent is well: keeps a generation of its state, if that is good and has changed. Never rejects. */
  keepGood(): Promise<void>;
}

/** For an agent that has declared nothing. */
export const admitAll: StateGate = {
  admit: () => Promise.resolve({ fit: true, notes: [], invalid: null }),
  keepGood: () => Promise.resolve(),
};
