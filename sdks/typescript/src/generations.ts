// The files around a state file: `state.json`, its earlier generations `state.json.1` (the one before), `.2` …, and what was
// put aside because it is damaged, `state.json.corrupt-<UTC time>-<n>`. No step here leaves the current file missing, and
// none deletes what was put aside.

import { copyFile, constants, link, open, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isTemporaryOf, temporaryName } from "./durable-file.ts";
import { systemCode } from "./storage-error.ts";

export interface ReadFile {
  readonly bytes: Buffer;
  readonly identity: Identity;
}

interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** Old enough that no process still writes it. */
const ABANDONED_MS = 3_600_000;
const MOST_NAMES = 10_000;

/** The current file and every generation that is there, by their names. A folder that is missing holds none. */
export async function generationsOf(file: string): Promise<string[]> {
  const base = basename(file);
  const slots = (await namesBeside(file))
    .map((name) => (name.startsWith(`${base}.`) ? /^\d{1,4}$/u.exec(name.slice(base.length + 1))?.[0] : undefined))
    .filter((slot) => slot !== undefined)
    .sort((a, b) => Number(a) - Number(b));
  return [file, ...slots.map((slot) => `${file}.${slot}`)];
}

/** Removes what killed processes left half-written, once it is an hour old. */
export async function removeAbandoned(file: string, now: number): Promise<void> {
  for (const name of await namesBeside(file)) {
    if (!isTemporaryOf(basename(file), name)) continue;
    const path = join(dirname(file), name);
    try {
      if (now - (await stat(path)).mtimeMs > ABANDONED_MS) await rm(path, { force: true });
    } catch {
      // Another process has just removed or renamed it, or it is not ours to remove: it harms nobody.
    }
  }
}

/** A whole file and which one it was; null when there is none. */
export async function readWhole(path: string): Promise<ReadFile | null> {
  let file;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const { dev, ino } = await file.stat({ bigint: true });
    return { bytes: await file.readFile(), identity: { dev, ino } };
  } finally {
    await file.close();
  }
}

/** The first `length` bytes of a file; null when there is none. */
export async function readStart(path: string, length: number): Promise<Buffer | null> {
  let file;
  try {
    file = await open(path, "r");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Makes the current file the first earlier generation and moves the others up; the oldest beyond `keep` is dropped. The
 * current file stays where it is until it is replaced: a hard link, or a copy where there are no links.
 */
export async function keepCurrent(file: string, keep: number): Promise<void> {
  const current = await identityOf(file);
  const first = await identityOf(`${file}.1`);
  // A save that was killed on its way has kept it already; moving again would drop an older one for nothing.
  if (keep < 2 || current === null || (first !== null && isSame(current, first))) return;
  let free = 1;
  while (free < keep - 1 && (await identityOf(`${file}.${free}`)) !== null) free += 1;
  for (let slot = free; slot > 1; slot -= 1) await renameIfThere(`${file}.${slot - 1}`, `${file}.${slot}`);
  const second = temporaryName(file);
  try {
    await linkOrCopy(file, second);
    await rename(second, `${file}.1`);
  } finally {
    // Left not only by a failure: renaming to another name of the same file does nothing, should two processes save at once.
    await rm(second, { force: true });
  }
}

/**
 * Moves a damaged file out of the way, to `<stem>-<n>`, a name that nobody has. Null when another process has meanwhile put another
 * file in its place; that one stays.
 */
export async function quarantine(path: string, stem: string, identity: Identity): Promise<string | null> {
  const place = await freeName(stem);
  if (!(await renameIfThere(path, place))) return null;
  const moved = await identityOf(place);
  if (moved === null || isSame(moved, identity)) return place;
  try {
    await link(place, path);
    await rm(place);
  } catch {
    // A still newer file is there by now; this one is kept under the name it has.
  }
  return null;
}

/** `<stem>-1`, or the first number that is free. */
export async function freeName(stem: string): Promise<string> {
  for (let number = 1; number <= MOST_NAMES; number += 1) {
    const name = `${stem}-${number}`;
    if ((await identityOf(name)) === null) return name;
  }
  throw new Error(`there are already ${MOST_NAMES} files called ${stem}-…; move them away`);
}

async function namesBeside(file: string): Promise<string[]> {
  try {
    return await readdir(dirname(file));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

async function identityOf(path: string): Promise<Identity | null> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    return { dev, ino };
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

function isSame(a: Identity, b: Identity): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return false;
    throw error;
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch {
    // No links on this file system; if the reason is another one, the copy fails for it as well.
    await copyFile(from, to, constants.COPYFILE_EXCL);
    const copy = await open(to, "r+");
    try {
      await copy.sync();
    } finally {
      await copy.close();
    }
  }
}
