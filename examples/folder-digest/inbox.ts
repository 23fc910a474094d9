import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { DigestState } from "./state.ts";

export interface Note {
  readonly name: string;
  readonly text: string;
  /** Changes whenever the file is written; cheap to look at. */
  readonly stamp: string;
  readonly sha256: string;
}

const mostNotes = 1_000;
const longestText = 32_000;

/** Names of the text files in the folder, in order. */
export function listNotes(inbox: string): readonly string[] {
  return readdirSync(inbox, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /^[^.].*\.(txt|md)$/.test(entry.name))
    .map(({ name }) => name)
    .toSorted()
    .slice(0, mostNotes);
}

/** Names of files that are new or were written since they were digested. */
export function changedNotes(inbox: string, names: readonly string[], state: DigestState): readonly string[] {
  return names.filter((name) => state.notes[name]?.stamp !== stampOf(join(inbox, name)));
}

/** Long files are cut: what a summary needs stands near the beginning, and a prompt costs money by its length. */
export function readNote(inbox: string, name: string): Note {
  const file = join(inbox, name);
  // Stamped before it is read: a write in between makes it look changed, and it is read again.
  const stamp = stampOf(file);
  const text = readFileSync(file, "utf8").slice(0, longestText);
  return { name, text, stamp, sha256: createHash("sha256").update(text).digest("hex") };
}

function stampOf(file: string): string {
  const facts = statSync(file, { throwIfNoEntry: false });
  return facts === undefined ? "gone" : `${facts.size} ${facts.mtimeMs}`;
}
