// What the keeper brought: evidence of runs that hung or died, and commands and spools that end some day.

export const schema2 = `
CREATE TABLE evidence (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  agent_id INTEGER NOT NULL REFERENCES agents (id),
  key TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  why TEXT NOT NULL,
  summary TEXT NOT NULL,
  -- Of the items, which stand last: whoever counts does not read them.
  bytes INTEGER NOT NULL,
  items TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_by_agent ON evidence (agent_id, at, id);
CREATE INDEX evidence_by_time ON evidence (at);

ALTER TABLE commands ADD COLUMN dependents INTEGER NOT NULL DEFAULT 0;
-- The key or session that asked; \`by\` is the name it gave.
ALTER TABLE commands ADD COLUMN asked_with TEXT;
ALTER TABLE commands ADD COLUMN finished_at INTEGER;
CREATE INDEX commands_by_agent ON commands (agent, n);
CREATE INDEX commands_unfinished_by_time ON commands (at) WHERE state IN ('waiting', 'delivered');

ALTER TABLE spools ADD COLUMN moved_at INTEGER NOT NULL DEFAULT 0;
UPDATE spools SET moved_at = CAST(unixepoch('now') AS INTEGER) * 1000;
`;
