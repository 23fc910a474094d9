// How a process ended is told to its parent alone. When the supervisor has died meanwhile, that word is lost, and a crash
// looks like a clean end. So every agent runs under a small shell that only waits for it and writes its status down; the
// next life of the supervisor reads it there. It costs 1 to 2 MB of memory and a millisecond at the start.
//
// The shell is in the agent's group and gets the same signals; it lets them pass without dying of them, and the agent
// begins with untouched ones (a trapped signal is reset for a child, an ignored one would not be). A shell tells a signal
// as 128 + its number; nothing but a shell or a program that speaks like one exits with such a status.

import { readdir, readFile, rm } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { fileNameOf } from "../durable-file.ts";

export interface ProcessEnd {
  /** Both null when it could not be seen. */
  readonly code: number | null;
  readonly signal: string | null;
}

const unseenEnd: ProcessEnd = { code: null, signal: null };

/**
 * The shell's own complaints ("Killed") go nowhere: they would be taken for the agent's last words. Hence the parentheses:
 * without them a shell redirects its own output for as long as the command runs.
 */
const script =
  'trap : HUP INT TERM; exec 3>&2 2>/dev/null; f=$1; shift; (exec "$@" 2>&3 3>&-); s=$?; echo $s >"$f.tmp" && mv "$f.tmp" "$f"; exit $s';

/** The command under its shell, which will write the status to `exitFile`. */
export function underShim(argv: readonly string[], exitFile: string): readonly string[] {
  return ["/bin/sh", "-c", script, "midwatch-agent", exitFile, ...argv];
}

/** What the shell's own end says of the agent's. */
export function endOfShim(end: ProcessEnd): ProcessEnd {
  return end.code === null ? end : endOfStatus(end.code);
}

/** Reads what the shell wrote down; unseen when it never got to it. */
export async function readExitFile(exitFile: string): Promise<ProcessEnd> {
  try {
    const status = (await readFile(exitFile, "utf8")).trim();
    return /^\d{1,3}$/.test(status) ? endOfStatus(Number(status)) : unseenEnd;
  } catch {
    // It was killed together with the agent, or the disk was full: nobody has seen the end.
    return unseenEnd;
  }
}

/** Only once the end is written down elsewhere: a supervisor that dies before that must find it here again. */
export async function forgetExitFile(exitFile: string): Promise<void> {
  // A file that cannot be removed holds a run's unique name and is never read again.
  await rm(exitFile, { force: true }).catch(() => undefined);
}

/** Files of runs whose end nobody waits for any more: their supervisor died just after it was written down. */
export async function forgetOtherExits(folder: string, runIds: ReadonlySet<string>): Promise<void> {
  const kept = new Set([...runIds].map(fileNameOf));
  for (const name of await readdir(folder)) {
    if (!kept.has(name.replace(/\.tmp$/, ""))) await forgetExitFile(join(folder, name));
  }
}

function endOfStatus(status: number): ProcessEnd {
  const signal = status > 128 ? nameOfSignal(status - 128) : null;
  return signal === null ? { code: status, signal: null } : { code: null, signal };
}

function nameOfSignal(number: number): string | null {
  return Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? null;
}
