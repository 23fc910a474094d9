import { readFileSync, renameSync } from "node:fs";
import { writeAtomically } from "./write-atomically.ts";

/** What the agent must still know after it was killed. */
export interface DigestState {
  readonly version: 1;
  /** By file name. */
  readonly notes: Readonly<Record<string, DigestedNote>>;
}

interface DigestedNote {
  readonly stamp: string;
  readonly sha256: string;
  readonly digestedAt: string;
}

/** A state that can't be read is moved aside, never overwritten: a person may want to know what was in it. */
export function readState(file: string, log: (line: string) => void): DigestState {
  const fresh: DigestState = { version: 1, notes: {} };
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return fresh;
    throw error;
  }
  const state = parseState(text);
  if (state !== null) return state;
  const aside = `${file}.unusable-${Date.now()}`;
  renameSync(file, aside);
  log(`the state in ${file} can't be used; it is kept as ${aside}, and every note is digested again`);
  return fresh;
}

export function writeState(file: string, state: DigestState): void {
  writeAtomically(file, `${JSON.stringify(state, null, 2)}\n`);
}

function parseState(text: string): DigestState | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not JSON: what the caller asks about.
    return null;
  }
  return isState(value) ? value : null;
}

function isState(value: unknown): value is DigestState {
  if (typeof value !== "object" || value === null) return false;
  if (!("version" in value) || value.version !== 1 || !("notes" in value)) return false;
  const { notes } = value;
  return typeof notes === "object" && notes !== null && Object.values(notes).every(isDigestedNote);
}

function isDigestedNote(value: unknown): value is DigestedNote {
  if (typeof value !== "object" || value === null) return false;
  return ["stamp", "sha256", "digestedAt"].every((field) => typeof Reflect.get(value, field) === "string");
}
