// Brings a file to the schema this code knows, all steps in one transaction. Steps only ever add: a migration that
// went out is never edited, and none destroys what an older one kept. A file from a newer Midwatch, or of another
// program, is refused untouched.

import { StoreError } from "../store-error.ts";
import { number } from "./columns.ts";
import type { Connection } from "./connection.ts";
import { schema1 } from "./schema-1.ts";
import { schema2 } from "./schema-2.ts";
import { schema3 } from "./schema-3.ts";
import { schema4 } from "./schema-4.ts";
import { schema5 } from "./schema-5.ts";
import { schema6 } from "./schema-6.ts";
import { schema7 } from "./schema-7.ts";
import { schema8 } from "./schema-8.ts";

/** In order; the n-th leads from version n − 1 to n. */
const migrations: readonly string[] = [schema1, schema2, schema3, schema4, schema5, schema6, schema7, schema8];

/** "MWCH": tells a Midwatch database from any other SQLite file. */
const applicationId = 0x4d574348;

export function migrate(db: Connection, steps: readonly string[] = migrations): void {
  // What is refused stays untouched, so this comes before anything that writes.
  knownVersion(db, steps);
  db.exec("PRAGMA journal_mode = WAL;");
  db.transaction(() => {
    // Asked again: another process may have been faster. Written even when nothing was to be done: SQLite opens a
    // file that may not be written as one to read, and would otherwise tell so only on the first beat.
    for (const sql of steps.slice(knownVersion(db, steps))) db.exec(sql);
    db.exec(`PRAGMA user_version = ${steps.length}; PRAGMA application_id = ${applicationId};`);
  });
}

/** For a store that may only read: the file must have today's schema already. */
export function requireCurrentSchema(db: Connection): void {
  if (knownVersion(db, migrations) === migrations.length) return;
  throw new StoreError(
    "read-only",
    `the database ${db.file} has to be brought up to date first: start the Midwatch server on it once`,
  );
}

function knownVersion(db: Connection, steps: readonly string[]): number {
  const version = number(db.get("PRAGMA user_version") ?? {}, "user_version");
  refuseForeign(db, version);
  if (version <= steps.length) return version;
  throw new StoreError(
    "too-new",
    `the database ${db.file} was written by a newer Midwatch (schema ${version}; this one knows ${steps.length}): update Midwatch, or choose another folder with --data`,
  );
}

function refuseForeign(db: Connection, version: number): void {
  const ours = number(db.get("PRAGMA application_id") ?? {}, "application_id") === applicationId;
  const empty = number(db.get("SELECT count(*) AS n FROM sqlite_schema") ?? {}, "n") === 0;
  if (ours || (empty && version === 0)) return;
  throw new StoreError(
    "corrupt",
    `${db.file} is a database of another program: choose another folder with --data, or move the file away`,
  );
}
