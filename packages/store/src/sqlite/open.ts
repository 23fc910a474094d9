import { accessSync, closeSync, constants, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import type { Store } from "../store.ts";
import { AgentTable } from "./agents.ts";
import { Connection } from "./connection.ts";
import { migrate, requireCurrentSchema } from "./migrate.ts";
import { explain } from "./sqlite-error.ts";
import { sqliteStore } from "./sqlite-store.ts";

export interface SqliteOptions {
  /** The database file; its folder is made if need be, for this user only. */
  readonly file: string;
  /** How long a call waits for another process that holds the database, blocking this one; 250 ms unless given. */
  readonly busyTimeoutMs?: number;
  /** Opens what is there, and writes nothing. */
  readonly readOnly?: boolean;
}

/**
 * Settings of every connection. `synchronous = FULL` is what "durable" means here: a commit returns after the log is
 * on the disk. Checkpoints are rarer than SQLite's default of 1,000 pages, because each writes an agent's page but
 * once, however often its state has changed since (measured: 21 against 26 µs a beat). The cache grows only as it is used.
 */
const settings = `
PRAGMA synchronous = FULL;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
PRAGMA wal_autocheckpoint = 8000;
PRAGMA journal_size_limit = 67108864;
`;

/** Opens (and makes or migrates, unless it may only read) the embedded database. Rejects with `StoreError`. */
export function openSqliteStore(options: SqliteOptions): Promise<Store> {
  return Promise.try(() => {
    const db = openConnection(options);
    return sqliteStore(db, new AgentTable(db));
  });
}

/** The database with its settings and today's schema. Throws `StoreError`. */
export function openConnection({ file, busyTimeoutMs = 250, readOnly = false }: SqliteOptions): Connection {
  let db: Connection | null = null;
  try {
    if (!readOnly) makePrivate(file);
    db = new Connection(file, { busyTimeoutMs, readOnly });
    db.exec(settings);
    if (readOnly) requireCurrentSchema(db);
    else migrate(db);
    return db;
  } catch (error) {
    db?.close();
    throw explain(error, file);
  }
}

/** SQLite gives its log and shared-memory files the mode of the database file. An existing file keeps the mode it has. */
function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(file, "wx", 0o600));
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    // Before SQLite looks: it would open the file to read, and leave a log beside it that nobody may write either.
    accessSync(file, constants.R_OK | constants.W_OK);
  }
}
