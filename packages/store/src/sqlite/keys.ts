import type { Ms } from "@midwatch/core";
import type { KeyRow } from "../store.ts";
import { number, numberOrNull, text, textOrNull } from "./columns.ts";
import type { Connection } from "./connection.ts";

export function readKeys(db: Connection): readonly KeyRow[] {
  return db.all("SELECT * FROM keys ORDER BY id").map((row) => ({
    id: number(row, "id"),
    hash: text(row, "hash"),
    prefix: text(row, "prefix"),
    // Written by `addKey` only.
    scope: text(row, "scope") as KeyRow["scope"],
    agentGlob: textOrNull(row, "agent_glob"),
    label: text(row, "label"),
    createdAt: number(row, "created_at"),
    revokedAt: numberOrNull(row, "revoked_at"),
  }));
}

export function addKey(db: Connection, key: Omit<KeyRow, "id" | "revokedAt">): KeyRow {
  const id = db.insert(
    "INSERT INTO keys (hash, prefix, scope, agent_glob, label, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    key.hash,
    key.prefix,
    key.scope,
    key.agentGlob,
    key.label,
    key.createdAt,
  );
  return { ...key, id, revokedAt: null };
}

/** The first revocation stays. */
export function revokeKey(db: Connection, id: number, at: Ms): void {
  db.run("UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", at, id);
}
