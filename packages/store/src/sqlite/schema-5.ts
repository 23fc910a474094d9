// What stands between a decision and a person: notices that wait to be routed, what the desk remembers of each thread,
// every attempt to deliver, and silences.

export const schema5 = `
-- A row lives from the decision until the desk has routed it.
CREATE TABLE notices (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE desk (
  key TEXT NOT NULL PRIMARY KEY,
  -- When there is something to do again; null when only a notice can change it.
  next_at INTEGER,
  body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_due ON desk (next_at) WHERE next_at IS NOT NULL;

ALTER TABLE outbox ADD COLUMN thread TEXT;
ALTER TABLE outbox ADD COLUMN receipt TEXT;
CREATE INDEX outbox_receipts ON outbox (thread, channel, id) WHERE receipt IS NOT NULL;

-- The delivery log. A row goes with its outbox row.
CREATE TABLE attempts (
  outbox_id INTEGER NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  took_ms INTEGER NOT NULL,
  -- NULL when it was sent.
  error TEXT,
  -- NULL when there is no other try.
  retry_at INTEGER,
  PRIMARY KEY (outbox_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE silences (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  match TEXT NOT NULL,
  from_at INTEGER NOT NULL,
  until_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  by TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  ended_at INTEGER,
  ended_by TEXT
) STRICT;
CREATE INDEX silences_by_end ON silences (until_at);
`;
