// Asks SQLite whether a database is whole, in a process of its own: the question can take minutes on a large file, and a call
// into SQLite can't be interrupted from the thread that made it.

import { extname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { execFile } from "node:child_process";

export type Wholeness =
  | { readonly state: "whole" }
  /** In SQLite's words. */
  | { readonly state: "broken"; readonly words: string }
  | { readonly state: "unknown"; readonly because: string };

const limitMs = 10_000;
/** So many faults say enough. */
const mostFaults = 3;

export function quickCheck(database: string): Promise<Wholeness> {
  const script = new URL(`./quick-check-process${extname(import.meta.url)}`, import.meta.url);
  const args = ["--disable-warning=ExperimentalWarning", fileURLToPath(script), database];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { timeout: limitMs, killSignal: "SIGKILL" }, (error, stdout) => {
      if (error?.killed === true) resolve({ state: "unknown", because: "it took longer than 10 seconds" });
      else if (error !== null) resolve({ state: "unknown", because: "the check itself failed to run" });
      else resolve(JSON.parse(stdout) as Wholeness);
    });
  });
}

/** Reads only; a database that somebody is writing is read as it was at one moment. */
export function checkNow(database: string): Wholeness {
  try {
    const db = new DatabaseSync(database, { readOnly: true, timeout: 2_000 });
    try {
      const rows = db.prepare(`PRAGMA quick_check(${mostFaults})`).all();
      const words = rows.map((row) => String(row["quick_check"])).join("; ");
      return words === "ok" ? { state: "whole" } : { state: "broken", words };
    } finally {
      db.close();
    }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    return isDamage(error) ? { state: "broken", words } : { state: "unknown", because: words };
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB; anything else says nothing about the file. */
function isDamage(error: unknown): boolean {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" && [11, 26].includes(code & 0xff);
}
