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

import type { Ms } from "@midwatch/core";
import { limitOf, pageOf, placeOf } from "../cursor.ts";
import type { Attempt, DeliveryOutcome, OutboxDraft, OutboxLag, OutboxRow, PageOf, Store } from "../store.ts";
import { json, number, numberOrNull, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

/** A key that was written before is left as it is, whatever has become of it. */
export function addDraft(db: Connection, draft: OutboxDraft): void {
  db.run(
    `INSERT INTO outbox (key, channel, agent, thread, at, body, state, attempts, next_at)
     VALUES (?, ?, ?, ?, ?, ?, 'waiting', 0, ?) ON CONFLICT (key) DO NOTHING`,
    draft.key,
    draft.channel,
    draft.agent ?? "",
    draft.thread ?? null,
    draft.at,
    JSON.stringify(draft.body),
    draft.at,
  );
}

const columns = `
id, key, channel, agent, thread, at, body, state, attempts, next_at, last_error, finished_at,
(SELECT receipt FROM outbox AS earlier
 WHERE earlier.thread = outbox.thread AND earlier.channel = outbox.channel AND earlier.receipt IS NOT NULL
 AND earlier.id < outbox.id ORDER BY id DESC LIMIT 1) AS earlier_receipt`;

// Channel by channel, so that the heads of a channel that is left out are not even passed by. The names are found by jumping
// from one to the next.
const selectDue = `
WITH RECURSIVE channels (name) AS (
  SELECT min(channel) FROM outbox WHERE head = 1
  UNION ALL
  SELECT (SELECT min(channel) FROM outbox WHERE head = 1 AND channel > name) FROM channels WHERE name IS NOT NULL
)
SELECT due.id FROM channels JOIN outbox AS due ON due.id IN (
  SELECT id FROM outbox WHERE head = 1 AND channel = name AND next_at <= ?1 ORDER BY next_at, id LIMIT ?3
)
WHERE name NOT IN (SELECT value FROM json_each(?2))
ORDER BY due.next_at, due.id LIMIT ?3`;

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
  const longestDue = db.all(selectDue, query.now, excluded, query.limit).map((row) => number(row, "id"));
  return longestDue.toSorted((a, b) => a - b);
}

/** Nothing happens unless the row is still claimed: a second outcome of the same claim is no news. */
export function finish(db: Connection, id: number, outcome: DeliveryOutcome): void {
  db.transaction(() => {
    if (update(db, id, outcome) === 0) return;
    const error = outcome.sent ? null : outcome.error;
    const retryAt = outcome.sent ? null : outcome.retryAt;
    db.run(
      `INSERT INTO attempts (outbox_id, n, at, took_ms, error, retry_at)
       SELECT id, attempts, ?2, ?3, ?4, ?5 FROM outbox WHERE id = ?1 ON CONFLICT DO NOTHING`,
      id,
      outcome.at,
      Math.round(outcome.tookMs),
      error,
      retryAt,
    );
  });
}

/** How many rows it was: one, or none when somebody else has it. */
function update(db: Connection, id: number, outcome: DeliveryOutcome): number {
  if (outcome.sent) {
    return db.run(
      `UPDATE outbox SET state = 'sent', finished_at = ?, last_error = NULL, receipt = ?
       WHERE id = ? AND state = 'claimed'`,
      outcome.at,
      outcome.receipt ?? null,
      id,
    );
  }
  const { retryAt, error } = outcome;
  if (retryAt === null) {
    return db.run(
      "UPDATE outbox SET state = 'failed', finished_at = ?, last_error = ? WHERE id = ? AND state = 'claimed'",
      outcome.at,
      error,
      id,
    );
  }
  return db.run(
    "UPDATE outbox SET state = 'waiting', next_at = ?, last_error = ? WHERE id = ? AND state = 'claimed'",
    retryAt,
    error,
    id,
  );
}

export function readAttempts(db: Connection, ids: readonly number[]): ReadonlyMap<number, readonly Attempt[]> {
  const rows = db.all(
    "SELECT * FROM attempts WHERE outbox_id IN (SELECT value FROM json_each(?)) ORDER BY outbox_id, n",
    JSON.stringify(ids),
  );
  const tries = rows.map((row) => ({ of: number(row, "outbox_id"), attempt: attemptOf(row) }));
  return new Map(
    Array.from(
      Map.groupBy(tries, ({ of }) => of),
      ([id, group]) => [id, group.map(({ attempt }) => attempt)],
    ),
  );
}

const outboxPage = `
SELECT ${columns} FROM outbox WHERE id < ?1 AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR channel = ?3)
AND (?4 IS NULL OR agent = ?4) AND (?5 IS NULL OR thread = ?5) ORDER BY id DESC LIMIT ?6`;

export function readOutbox(db: Connection, query: Parameters<Store["outbox"]>[0]): PageOf<OutboxRow> {
  const rows = db.all(
    outboxPage,
    placeOf(query).id,
    query.state ?? null,
    query.channel ?? null,
    query.agent ?? null,
    query.thread ?? null,
    limitOf(query) + 1,
  );
  return pageOf(rows.map(rowOf), query, (last) => [last.at, last.id]);
}

const lagByChannel = `
SELECT channel, sum(waiting) AS waiting, min(oldest) AS oldest, sum(failed) AS failed FROM (
  SELECT channel, count(*) AS waiting, min(at) AS oldest, 0 AS failed FROM outbox
  WHERE finished_at IS NULL GROUP BY channel
  UNION ALL
  SELECT channel, 0, NULL, count(*) FROM outbox WHERE state = 'failed' GROUP BY channel
) GROUP BY channel`;

export function readLag(db: Connection, now: Ms): ReadonlyMap<string, OutboxLag> {
  return new Map(
    db.all(lagByChannel).map((row) => {
      const oldest = numberOrNull(row, "oldest");
      const lag = {
        waiting: number(row, "waiting"),
        oldestMs: oldest === null ? 0 : Math.max(0, now - oldest),
        failed: number(row, "failed"),
      };
      return [text(row, "channel"), lag];
    }),
  );
}

function attemptOf(row: Columns): Attempt {
  return {
    n: number(row, "n"),
    at: number(row, "at"),
    tookMs: number(row, "took_ms"),
    error: textOrNull(row, "error"),
    retryAt: numberOrNull(row, "retry_at"),
  };
}

function rowOf(row: Columns): OutboxRow {
  const agent = text(row, "agent");
  // Every column was written by this file only.
  return {
    id: number(row, "id"),
    key: text(row, "key"),
    channel: text(row, "channel"),
    agent: agent === "" ? null : agent,
    thread: textOrNull(row, "thread"),
    at: number(row, "at"),
    body: json(row, "body") as OutboxDraft["body"],
    state: text(row, "state") as OutboxRow["state"],
    attempts: number(row, "attempts"),
    nextAt: number(row, "next_at"),
    lastError: textOrNull(row, "last_error"),
    earlierReceipt: textOrNull(row, "earlier_receipt"),
    finishedAt: numberOrNull(row, "finished_at"),
  };
}
