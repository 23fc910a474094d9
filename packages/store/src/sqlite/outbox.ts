// The outbox: what is to be sent, from the decision until it was sent or given up.
//
// | state | means | left by |
// |---|---|---|
// | waiting | due at `next_at` | claimed |
// | claimed | a worker has it until `next_at`; past that anybody may claim it | sent, waiting (a retry), failed |
// | sent, failed | finished; `finished_at` is set | pruned |
//
// Of the unfinished rows of one agent and channel only the oldest is ever handed out, so a recovery never overtakes its
// alarm. A row that failed for good is finished and holds nobody up.

import type { DurationMs, Ms } from "@midwatch/core";
import { limitOf, pageOf, placeOf } from "../cursor.ts";
import type { OutboxDraft, OutboxRow, PageOf, PageQuery, Store } from "../store.ts";
import { json, number, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

/** A key that was written before is left as it is, whatever has become of it. */
export function addDraft(db: Connection, draft: OutboxDraft): void {
  db.run(
    `INSERT INTO outbox (key, channel, agent, at, body, state, attempts, next_at) VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?)
     ON CONFLICT (key) DO NOTHING`,
    draft.key,
    draft.channel,
    draft.agent ?? "",
    draft.at,
    JSON.stringify(draft.body),
    draft.at,
  );
}

const columns = "id, key, channel, agent, at, body, state, attempts, next_at, last_error";

// The oldest unfinished row of each agent and channel, those that are due, oldest first.
const selectDue = `
SELECT id FROM outbox
WHERE id IN (SELECT min(id) FROM outbox WHERE finished_at IS NULL GROUP BY channel, agent)
AND next_at <= ?1 AND channel NOT IN (SELECT value FROM json_each(?2))
ORDER BY id LIMIT ?3`;

const claim = `
UPDATE outbox SET state = 'claimed', attempts = attempts + 1, next_at = ?
WHERE id = ? RETURNING ${columns}`;

type ClaimQuery = Parameters<Store["claimOutbox"]>[0];

/** Workers ask all the time and mostly for nothing, which takes no lock. */
export function claimDue(db: Connection, query: ClaimQuery): readonly OutboxRow[] {
  if (dueIds(db, query).length === 0) return [];
  return db.transaction(() => dueIds(db, query).flatMap((id) => db.all(claim, query.leaseUntil, id).map(rowOf)));
}

function dueIds(db: Connection, query: ClaimQuery): readonly number[] {
  const excluded = JSON.stringify(query.excludeChannels ?? []);
  return db.all(selectDue, query.now, excluded, query.limit).map((row) => number(row, "id"));
}

/** Nothing happens unless the row is still claimed: a second outcome of the same claim is no news. */
export function finish(db: Connection, id: number, outcome: Parameters<Store["finishOutbox"]>[1]): void {
  if (outcome.sent) {
    db.run(
      "UPDATE outbox SET state = 'sent', finished_at = ?, last_error = NULL WHERE id = ? AND state = 'claimed'",
      outcome.at,
      id,
    );
  } else if (outcome.retryAt === null) {
    db.run(
      "UPDATE outbox SET state = 'failed', finished_at = ?, last_error = ? WHERE id = ? AND state = 'claimed'",
      outcome.at,
      outcome.error,
      id,
    );
  } else {
    db.run(
      "UPDATE outbox SET state = 'waiting', next_at = ?, last_error = ? WHERE id = ? AND state = 'claimed'",
      outcome.retryAt,
      outcome.error,
      id,
    );
  }
}

export function readOutbox(
  db: Connection,
  query: PageQuery & { readonly state?: OutboxRow["state"] },
): PageOf<OutboxRow> {
  const state = query.state ?? null;
  const below = placeOf(query).id;
  const limit = limitOf(query) + 1;
  const rows =
    state === null
      ? db.all(`SELECT ${columns} FROM outbox WHERE id < ? ORDER BY id DESC LIMIT ?`, below, limit)
      : db.all(
          `SELECT ${columns} FROM outbox WHERE state = ? AND id < ? ORDER BY id DESC LIMIT ?`,
          state,
          below,
          limit,
        );
  return pageOf(rows.map(rowOf), query, (last) => [last.at, last.id]);
}

export function readLag(
  db: Connection,
  now: Ms,
): { readonly waiting: number; readonly oldestMs: DurationMs; readonly failed: number } {
  const unfinished = db.get("SELECT count(*) AS n, min(at) AS oldest FROM outbox WHERE finished_at IS NULL") ?? {};
  const failed = number(db.get("SELECT count(*) AS n FROM outbox WHERE state = 'failed'") ?? {}, "n");
  const waiting = number(unfinished, "n");
  return { waiting, oldestMs: waiting === 0 ? 0 : Math.max(0, now - number(unfinished, "oldest")), failed };
}

function rowOf(row: Columns): OutboxRow {
  const agent = text(row, "agent");
  // Every column was written by this file only.
  return {
    id: number(row, "id"),
    key: text(row, "key"),
    channel: text(row, "channel"),
    agent: agent === "" ? null : agent,
    at: number(row, "at"),
    body: json(row, "body") as OutboxDraft["body"],
    state: text(row, "state") as OutboxRow["state"],
    attempts: number(row, "attempts"),
    nextAt: number(row, "next_at"),
    lastError: textOrNull(row, "last_error"),
  };
}
