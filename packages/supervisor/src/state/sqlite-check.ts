// Looks into an SQLite database without changing it, and copies it whole while its agent may be writing.
//
// After a kill a database is rarely alone: a write-ahead log or a rollback journal beside it holds the rest. Both are normal.
// The log is read with it. A journal that has to be rolled back first would change the file, so that is done to a copy. A
// database in WAL mode without a log is opened as immutable, because a reader would leave two side files behind, of its own user.
//
// SQLite has no checksum over rows: a flipped bit inside a value is not found. Everything here blocks its thread, for minutes
// with gigabytes, and a damaged database is food for native code: it runs in a process of its own.

import { copyFile, mkdir, open, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { backup, DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { describeError } from "../failure.ts";
import type { Verdict } from "./byte-checks.ts";

/** What belongs to a database beside its file; `-shm` holds nothing that is not in the others. */
export const sqliteSides = ["-wal", "-journal", "-shm"] as const;

/** Up to this the indexes are compared with their tables as well; beyond only the structure is looked at. */
const thoroughBytes = 64 * 2 ** 20;
/** One page of the smallest kind. */
const smallestBytes = 512;
/** How long a lock of somebody else is waited for. */
const lockWaitMs = 5_000;
/** While its agent writes, a database that is no WAL is held only for as many pages at a time. */
const gentlePages = 1_000;

const SQLITE_BUSY = 5;
const SQLITE_LOCKED = 6;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
const SQLITE_IOERR_SHORT_READ = 522;
const SQLITE_READONLY_ROLLBACK = 776;

/** @param scratch A folder for the copy of a database that must be rolled back first; made when needed, and removed. */
export async function checkSqlite(place: string, scratch: string): Promise<Verdict> {
  try {
    return await lookInto(place, await isQuiet(place));
  } catch (error) {
    if (errcodeOf(error) !== SQLITE_READONLY_ROLLBACK) return verdictOf(error);
  }
  try {
    const copy = await copyWithJournal(place, scratch);
    return await lookInto(copy, false, { readOnly: false });
  } catch (error) {
    const verdict = verdictOf(error);
    return verdict.is === "unsure"
      ? {
          is: "unsure",
          reason: `a transaction has to be rolled back first, and a copy for that failed: ${verdict.reason}`,
        }
      : verdict;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function copyWithJournal(place: string, scratch: string): Promise<string> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  // The journal names no file, so the copy may have another name.
  const copy = join(scratch, basename(place));
  await copyFile(place, copy);
  await copyFile(`${place}-journal`, `${copy}-journal`);
  return copy;
}

async function lookInto(place: string, quiet: boolean, { readOnly = true } = {}): Promise<Verdict> {
  const { size } = await stat(place);
  // SQLite would take it for an empty database, and begin anew over it.
  if (size > 0 && size < smallestBytes) return { is: "bad", reason: `it is cut off: ${size} bytes are left` };
  const database = openDatabase(place, { quiet, readOnly });
  try {
    const pragma = size <= thoroughBytes ? "integrity_check" : "quick_check";
    const [first] = database.prepare(`PRAGMA ${pragma}(1)`).all();
    const word = first ? String(Object.values(first)[0]) : "nothing was found out";
    return word === "ok"
      ? { is: "good" }
      : { is: "bad", reason: `the database is damaged: ${word.replaceAll(/\s+/g, " ")}` };
  } finally {
    database.close();
  }
}

/** Copies the database with what is in its log, as of one moment, to `target`, which is replaced. */
export async function copySqlite(place: string, target: string, scratch: string): Promise<void> {
  const quiet = await isQuiet(place);
  try {
    await backUp(place, target, { quiet, readOnly: true });
  } catch (error) {
    if (errcodeOf(error) !== SQLITE_READONLY_ROLLBACK) throw error;
    try {
      await backUp(await copyWithJournal(place, scratch), target, { quiet: false, readOnly: false });
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }
}

async function backUp(place: string, target: string, how: OpenHow): Promise<void> {
  await rm(target, { force: true });
  const database = openDatabase(place, how);
  try {
    const isWal = Object.values(database.prepare("PRAGMA journal_mode").get() ?? {})[0] === "wal";
    await backup(database, target, { rate: isWal ? 0x7fffffff : gentlePages });
  } finally {
    database.close();
  }
  const file = await open(target, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

interface OpenHow {
  readonly quiet: boolean;
  readonly readOnly: boolean;
}

function openDatabase(place: string, { quiet, readOnly }: OpenHow): DatabaseSync {
  const url = pathToFileURL(place);
  if (quiet) url.searchParams.set("immutable", "1");
  return new DatabaseSync(url, { readOnly, timeout: lockWaitMs, allowExtension: false });
}

/** In WAL mode, and nobody has it open or has left a log: only then may locks be left alone. */
async function isQuiet(place: string): Promise<boolean> {
  for (const side of sqliteSides) if (await exists(`${place}${side}`)) return false;
  const file = await open(place, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(20), 0, 20, 0);
    // Byte 18 is the version of the file format for writing; 2 is WAL.
    return bytesRead === 20 && buffer[18] === 2;
  } finally {
    await file.close();
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

function verdictOf(error: unknown): Verdict {
  const code = errcodeOf(error);
  const primary = code === null ? null : code & 0xff;
  if (primary === SQLITE_CORRUPT || code === SQLITE_IOERR_SHORT_READ) {
    return { is: "bad", reason: `the database is damaged: ${describeError(error)}` };
  }
  if (primary === SQLITE_NOTADB) return { is: "bad", reason: "it is no SQLite database, or an encrypted one" };
  if (primary === SQLITE_BUSY || primary === SQLITE_LOCKED) {
    return {
      is: "unsure",
      reason: `another process holds the database locked; find it with \`fuser\` and end it (${describeError(error)})`,
    };
  }
  return { is: "unsure", reason: `SQLite says: ${describeError(error)}` };
}

function errcodeOf(error: unknown): number | null {
  if (typeof error !== "object" || error === null || !("errcode" in error)) return null;
  return typeof error.errcode === "number" ? error.errcode : null;
}
