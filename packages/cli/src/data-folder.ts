import { DatabaseSync } from "node:sqlite";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure } from "./failure.ts";

/**
 * What lies in the data folder beside the database, so that nothing has to be typed on one machine: keys for this
 * machine's own use, and the address of the running server. Everything is readable by its owner only.
 */
export interface DataFolder {
  readonly path: string;
  readonly database: string;
}

/** Where the running server said that it listens. */
export interface ServerAddress {
  readonly url: string;
  readonly pid: number;
}

/** Where the running meter said that it listens. */
export interface MeterAddress extends ServerAddress {
  /** It listens on more than the loopback. */
  readonly needsKey: boolean;
}

export type LocalKey = "admin" | "ingest";

/** Opens the folder and makes it if need be (mode 0700). Throws the system's error when it can't be written. */
export function openDataFolder(path: string): DataFolder {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  return { path, database: join(path, "midwatch.db") };
}

/**
 * Holds the folder for one server: two on the same database would each believe to be the only watcher. The lock is a
 * database's own, so the system lets go of it however this process ends.
 */
export function claimDataFolder(path: string): { readonly release: () => void } {
  const lock = new DatabaseSync(join(path, "server.lock"));
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    const other = serverAddress(path);
    const who = other === null ? "" : ` (process ${other.pid}, ${other.url})`;
    const how = other !== null && isAlive(other.pid) ? ` (kill ${other.pid})` : "";
    throw new CommandFailure(
      78,
      `Another Midwatch server${who} is using the data folder ${path}. Stop it first${how}, or give this one a folder of its own with --data DIR.`,
      { cause },
    );
  }
  return { release: () => lock.close() };
}

export function isAlive(pid: number): boolean {
  try {
    return pid > 0 && process.kill(pid, 0);
  } catch {
    // It has ended, or is somebody else's by now.
    return false;
  }
}

export function localKey(dataDir: string, scope: LocalKey): string | null {
  return readOwn(join(dataDir, `${scope}.key`))?.trim() ?? null;
}

export function saveLocalKey(dataDir: string, scope: LocalKey, key: string): void {
  writeOwn(join(dataDir, `${scope}.key`), `${key}\n`);
}

export function serverAddress(dataDir: string): ServerAddress | null {
  const text = readOwn(join(dataDir, "server.json"));
  return text === null ? null : (JSON.parse(text) as ServerAddress);
}

export function saveServerAddress(dataDir: string, address: ServerAddress): void {
  writeOwn(join(dataDir, "server.json"), `${JSON.stringify(address)}\n`);
}

export function meterAddress(dataDir: string): MeterAddress | null {
  const text = readOwn(join(dataDir, "meter.json"));
  return text === null ? null : (JSON.parse(text) as MeterAddress);
}

export function saveMeterAddress(dataDir: string, address: MeterAddress): void {
  writeOwn(join(dataDir, "meter.json"), `${JSON.stringify(address)}\n`);
}

function readOwn(file: string): string | null {
  return existsSync(file) ? readFileSync(file, "utf8") : null;
}

/** Replaced whole: a reader sees the old text or the new one, never half of it. */
function writeOwn(file: string, text: string): void {
  const next = `${file}.${process.pid}.new`;
  writeFileSync(next, text, { mode: 0o600 });
  chmodSync(next, 0o600);
  renameSync(next, file);
}
