// The file that makes a system start Midwatch, and the rule by which it is written. A file of our own carries the checksum of
// its text: as long as that fits, nobody has edited it, and a newer one may take its place. Anything else is somebody's work.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { CommandFailure } from "../failure.ts";

export interface BootFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** Command lines that switch it on, in order: when it is new, and when it was changed while it may be running. */
  readonly start: readonly CommandLine[];
  readonly restart: readonly CommandLine[];
  /** Sentences for a person. */
  readonly notes: readonly string[];
}

export interface CommandLine {
  readonly words: readonly string[];
  /** It may have nothing to do, and its failure then says nothing. */
  readonly mayFail?: boolean;
}

const place = "CHECKSUM";
const mark = /Written by `midwatch install` \((\w+)\)/;

/** The line that says whose file it is; `sign` puts the checksum into it. */
export const markLine = `Written by \`midwatch install\` (${place}). Edited by hand it is left alone from then on.`;

export function sign(text: string): string {
  return text.replace(place, checksum(text));
}

/** True while nobody has edited it since it was written. */
function isUntouched(text: string): boolean {
  const found = mark.exec(text)?.[1];
  return found !== undefined && found === checksum(text.replace(found, place));
}

function checksum(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}

export type Written = "new" | "same" | "changed";

/**
 * Writes it, with its folder. A file that differs is replaced when it is an untouched one of ours for the same configuration, or
 * when `force` says so; else this ends with status 1 and says what to do.
 */
export function writeBootFile(
  { path, text }: Pick<BootFile, "path" | "text">,
  { about, force }: { readonly about: string; readonly force: boolean },
): Written {
  const before = readExisting(path);
  if (before === text) return "same";
  if (before !== null && !force && !(isUntouched(before) && before.includes(about))) throw refusal(path, before);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const next = `${path}.${process.pid}.new`;
    writeFileSync(next, text, { mode: 0o644 });
    renameSync(next, path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailure(
      1,
      `${path} can't be written: ${reason}\nTry \`sudo midwatch install\`, \`midwatch install --user\` for a service of your own, or --print to see the text.`,
      { cause },
    );
  }
  return before === null ? "new" : "changed";
}

function refusal(path: string, before: string): CommandFailure {
  const whose = isUntouched(before)
    ? "was written for another configuration. Give this one a --name of its own, or replace that one with --force"
    : "is there already, and was written or edited by somebody. Compare it with `midwatch install --print`; --force replaces it";
  return new CommandFailure(1, `${path} ${whose}. Nothing was changed.`);
}

function readExisting(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new CommandFailure(1, `${path} is there and can't be read, so it is left alone: ${String(error)}`, {
      cause: error,
    });
  }
}
