import { text } from "./columns.ts";
import type { Connection } from "./connection.ts";

export function readFact(db: Connection, key: string): string | null {
  const row = db.get("SELECT value FROM facts WHERE key = ?", key);
  return row ? text(row, "value") : null;
}

export function putFact(db: Connection, key: string, value: string): void {
  db.run("INSERT INTO facts (key, value) VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value", key, value);
}

export function claimFact(db: Connection, key: string, value: string): boolean {
  return db.run("INSERT INTO facts (key, value) VALUES (?, ?) ON CONFLICT DO NOTHING", key, value) === 1;
}

export function factsWith(db: Connection, prefix: string): readonly { readonly key: string; readonly value: string }[] {
  // A range, up to the last code point there is: nothing in the prefix is a wildcard, and the primary key serves it.
  const rows = db.all(
    "SELECT key, value FROM facts WHERE key >= ?1 AND key < ?1 || char(1114111) ORDER BY key",
    prefix,
  );
  return rows.map((row) => ({ key: text(row, "key"), value: text(row, "value") }));
}
