// The first schema. Times are milliseconds since the epoch, money is micro-dollars.
//
// Beats live in two tables. A beat is appended to `beats_tail`, which costs the commit one page for dozens of beats;
// now and then the tail is settled: rolled up into `agent_hours` and moved to `beats`, which is clustered by agent and
// time, so that a chart reads a few pages. Writing to the clustered table at once was measured at twice the cost of
// a commit (21 against 10 µs a beat at 64 beats a commit), for every beat of another agent dirties another page.

export const schema1 = `
CREATE TABLE agents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  state TEXT NOT NULL,
  overrides TEXT NOT NULL,
  forgotten_at INTEGER,
  -- At or before the true deadline. Plain beats leave it alone, so that they do not touch the index below.
  next_deadline INTEGER
) STRICT;
CREATE INDEX agents_due ON agents (next_deadline) WHERE next_deadline IS NOT NULL AND forgotten_at IS NULL;

-- The part of an agent's state that most beats leave as it is: the long cost history.
CREATE TABLE agent_long (
  agent_id INTEGER PRIMARY KEY REFERENCES agents (id),
  long TEXT NOT NULL
) STRICT;

CREATE TABLE beats_tail (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  ts REAL,
  status TEXT NOT NULL,
  run_id TEXT,
  seq INTEGER,
  cycle INTEGER,
  cycle_kind TEXT,
  cycle_ms REAL,
  tokens INTEGER NOT NULL,
  cost_usd_micros INTEGER,
  baseline REAL,
  late INTEGER NOT NULL,
  message TEXT
) STRICT;

CREATE TABLE beats (
  agent_id INTEGER NOT NULL,
  at INTEGER NOT NULL,
  id INTEGER NOT NULL,
  ts REAL,
  status TEXT NOT NULL,
  run_id TEXT,
  seq INTEGER,
  cycle INTEGER,
  cycle_kind TEXT,
  cycle_ms REAL,
  tokens INTEGER NOT NULL,
  cost_usd_micros INTEGER,
  baseline REAL,
  late INTEGER NOT NULL,
  message TEXT,
  PRIMARY KEY (agent_id, at, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE agent_hours (
  agent_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  beats INTEGER NOT NULL,
  cycles INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  max_cycle_tokens INTEGER NOT NULL,
  cost_usd_micros INTEGER NOT NULL,
  unpriced_beats INTEGER NOT NULL,
  PRIMARY KEY (agent_id, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE history (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id INTEGER NOT NULL REFERENCES agents (id),
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  text TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE INDEX history_by_agent ON history (agent_id, at, id);
CREATE INDEX history_by_time ON history (at, id);

CREATE TABLE incidents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id INTEGER NOT NULL REFERENCES agents (id),
  kind TEXT NOT NULL,
  severity TEXT NOT NULL,
  since INTEGER NOT NULL,
  opened_at INTEGER NOT NULL,
  resolved_at INTEGER,
  resolved_by TEXT,
  incident TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX incidents_open ON incidents (agent_id, kind) WHERE resolved_at IS NULL;
CREATE INDEX incidents_open_by_time ON incidents (opened_at, id) WHERE resolved_at IS NULL;
CREATE INDEX incidents_by_agent ON incidents (agent_id, opened_at, id);
CREATE INDEX incidents_by_time ON incidents (opened_at, id);

CREATE TABLE outbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL UNIQUE,
  channel TEXT NOT NULL,
  -- The empty string is "of no agent".
  agent TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  -- When it is due: the first or next attempt while waiting, the end of the lease while claimed.
  next_at INTEGER NOT NULL,
  last_error TEXT,
  finished_at INTEGER
) STRICT;
CREATE INDEX outbox_unfinished ON outbox (channel, agent, id) WHERE finished_at IS NULL;
CREATE INDEX outbox_finished ON outbox (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX outbox_by_state ON outbox (state, id);

CREATE TABLE commands (
  n INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  supervisor TEXT NOT NULL,
  agent TEXT NOT NULL,
  command TEXT NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  message TEXT
) STRICT;
CREATE INDEX commands_unfinished ON commands (supervisor, n) WHERE state IN ('waiting', 'delivered');

CREATE TABLE spools (
  supervisor TEXT NOT NULL,
  spool TEXT NOT NULL,
  upto INTEGER NOT NULL,
  PRIMARY KEY (supervisor, spool)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  hash TEXT NOT NULL UNIQUE,
  prefix TEXT NOT NULL,
  scope TEXT NOT NULL,
  agent_glob TEXT,
  label TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;

CREATE TABLE facts (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
