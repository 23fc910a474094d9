import type { Exit } from "@midwatch/core";
import type { Command } from "../process/command-line.ts";

export interface StateFile {
  readonly path: string;
  readonly check: "json" | "jsonl" | "sqlite" | "envelope" | "none";
  readonly keep: number;
}

export interface StatePolicy {
  readonly files: readonly StateFile[];
  readonly validate: Command | null;
  readonly validateTimeoutMs: number;
  readonly onInvalid: "restore" | "fresh" | "stop";
}

export type Admission =
  | {
      readonly fit: true;
      readonly notes: readonly string[];
      readonly invalid: {
        readonly reason: string;
        readonly action: "restored" | "fresh";
        readonly text: string;
      } | null;
    }
  | { readonly fit: false; readonly reason: string; readonly text: string };

export interface StateGate {
  admit(failure: string | null): Promise<Admission>;
  keepGood(): Promise<void>;
}

export function fingerprintOf(exit: Exit): string {
  return `${exit.code ?? exit.signal ?? "?"}`;
}

export const admitAll: StateGate = {
  admit: () => Promise.resolve({ fit: true, notes: [], invalid: null }),
  keepGood: () => Promise.resolve(),
};
