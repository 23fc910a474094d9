// The desk's own tables. A notice is written with the decision behind it; `desk` takes notices out, hands them to a pure
// `decide`, and writes what it returns in the same transaction: a crash in between leaves the notice where it was.

import type { Ms } from "@midwatch/core";
import type { DeskRow, DeskWork, DeskWrites, NoticeDraft, NoticeRow } from "../store.ts";
import { json, number, numberOrNull, text } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";
import { putFact } from "./facts.ts";
import { addDraft } from "./outbox.ts";

/** A key that waits already is left as it is. */
export function addNotice(db: Connection, { key, at, body }: NoticeDraft): void {
  db.run("INSERT INTO notices (key, at, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", key, at, JSON.stringify(body));
}

const waitingNotices = "SELECT id, key, at, body FROM notices ORDER BY id LIMIT ?";
const dueRows = "SELECT key, next_at, body FROM desk WHERE next_at <= ? ORDER BY next_at, key LIMIT ?";

/** The desk asks all the time and mostly for nothing, which takes no lock. True when there may be more. */
export function workDesk(
  db: Connection,
  query: { readonly now: Ms; readonly limit: number },
  decide: (work: DeskWork) => DeskWrites,
): boolean {
  if (!hasWork(db, query.now)) return false;
  return db.transaction(() => {
    const notices = db.all(waitingNotices, query.limit).map(noticeOf);
    const due = db.all(dueRows, query.now, query.limit).map(deskOf);
    const writes = decide({ notices, due, row: (key) => readDesk(db, key) });
    for (const { id } of notices) db.run("DELETE FROM notices WHERE id = ?", id);
    for (const row of writes.rows) putDesk(db, row);
    for (const key of writes.drop) db.run("DELETE FROM desk WHERE key = ?", key);
    for (const draft of writes.outbox) addDraft(db, draft);
    for (const { key, value } of writes.facts) putFact(db, key, value);
    return notices.length === query.limit || due.length === query.limit;
  });
}

function hasWork(db: Connection, now: Ms): boolean {
  return db.get("SELECT 1 FROM notices LIMIT 1") !== undefined || db.get(dueRows, now, 1) !== undefined;
}

export function readNoticeLag(db: Connection, now: Ms): { readonly waiting: number; readonly oldestMs: number } {
  const row = db.get("SELECT count(*) AS n, min(at) AS oldest FROM notices") ?? {};
  const waiting = number(row, "n");
  return { waiting, oldestMs: waiting === 0 ? 0 : Math.max(0, now - number(row, "oldest")) };
}

function readDesk(db: Connection, key: string): DeskRow | null {
  const row = db.get("SELECT key, next_at, body FROM desk WHERE key = ?", key);
  return row ? deskOf(row) : null;
}

/** Rows whose key begins so, by key. */
export function deskRows(db: Connection, prefix: string, limit: number): readonly DeskRow[] {
  return db
    .all(
      "SELECT key, next_at, body FROM desk WHERE key >= ?1 AND key < ?1 || char(1114111) ORDER BY key LIMIT ?2",
      prefix,
      limit,
    )
    .map(deskOf);
}

function putDesk(db: Connection, { key, nextAt, body }: DeskRow): void {
  db.run(
    `INSERT INTO desk (key, next_at, body) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET next_at = excluded.next_at, body = excluded.body`,
    key,
    nextAt,
    JSON.stringify(body),
  );
}

function noticeOf(row: Columns): NoticeRow {
  return {
    id: number(row, "id"),
    key: text(row, "key"),
    at: number(row, "at"),
    // Written by `addNotice` only.
    body: json(row, "body") as NoticeRow["body"],
  };
}

function deskOf(row: Columns): DeskRow {
  return {
    key: text(row, "key"),
    nextAt: numberOrNull(row, "next_at"),
    // Written by `putDesk` only.
    body: json(row, "body") as DeskRow["body"],
  };
}
