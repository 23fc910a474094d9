import type { Ms } from "@midwatch/core";
import type { SilenceDraft, SilenceRow } from "../store.ts";
import { json, number, numberOrNull, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

export function addSilence(db: Connection, draft: SilenceDraft): SilenceRow {
  const id = db.insert(
    "INSERT INTO silences (match, from_at, until_at, reason, by, created_at) VALUES (?, ?, ?, ?, ?, ?)",
    JSON.stringify(draft.match),
    draft.from,
    draft.until,
    draft.reason,
    draft.by,
    draft.createdAt,
  );
  return { ...draft, id, endedAt: null, endedBy: null };
}

/** False when there is none, or when it had ended already. */
export function endSilence(db: Connection, id: number, end: { readonly at: Ms; readonly by: string }): boolean {
  const sql = "UPDATE silences SET ended_at = ?1, ended_by = ?2 WHERE id = ?3 AND ended_at IS NULL AND until_at > ?1";
  return db.run(sql, end.at, end.by, id) === 1;
}

/** Those that end after `after` and were not ended by anybody before that, oldest first. */
export function readSilences(db: Connection, after: Ms, limit: number): readonly SilenceRow[] {
  return db
    .all(
      "SELECT * FROM silences WHERE until_at > ?1 AND (ended_at IS NULL OR ended_at > ?1) ORDER BY id LIMIT ?2",
      after,
      limit,
    )
    .map(silenceOf);
}

function silenceOf(row: Columns): SilenceRow {
  return {
    id: number(row, "id"),
    // Written by `addSilence` only.
    match: json(row, "match") as SilenceRow["match"],
    from: number(row, "from_at"),
    until: number(row, "until_at"),
    reason: text(row, "reason"),
    by: text(row, "by"),
    createdAt: number(row, "created_at"),
    endedAt: numberOrNull(row, "ended_at"),
    endedBy: textOrNull(row, "ended_by"),
  };
}
