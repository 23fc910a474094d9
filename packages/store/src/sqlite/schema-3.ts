// What was metered: one row for each call, and what calls add up to per hour and model.

export const schema3 = `
CREATE TABLE calls (
  agent_id INTEGER NOT NULL REFERENCES agents (id),
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  source TEXT NOT NULL,
  -- The empty string is "not named"; so it can stand in the key of call_hours.
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  reported_usd_micros INTEGER,
  cost_usd_micros INTEGER,
  priced_by TEXT,
  price_version TEXT,
  outcome TEXT NOT NULL,
  estimated INTEGER NOT NULL,
  counted INTEGER NOT NULL,
  trace TEXT,
  session TEXT,
  remarks TEXT,
  PRIMARY KEY (agent_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX calls_by_agent ON calls (agent_id, at, key);
CREATE INDEX calls_by_time ON calls (at);

CREATE INDEX calls_by_trace ON calls (trace) WHERE trace IS NOT NULL;

CREATE TABLE call_hours (
  agent_id INTEGER NOT NULL,
  hour INTEGER NOT NULL,
  provider TEXT NOT NULL,
  model TEXT NOT NULL,
  -- Of a call, or 'beat' for what an agent told in its beats.
  source TEXT NOT NULL,
  counted INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  input_tokens INTEGER NOT NULL,
  output_tokens INTEGER NOT NULL,
  cache_read_tokens INTEGER NOT NULL,
  cache_write_tokens INTEGER NOT NULL,
  reasoning_tokens INTEGER NOT NULL,
  cost_usd_micros INTEGER NOT NULL,
  unpriced_tokens INTEGER NOT NULL,
  PRIMARY KEY (agent_id, hour, provider, model, source, counted)
) STRICT, WITHOUT ROWID;

-- Of a cycle that ended with the beat, with what was metered in it from outside; the beat's own tokens stand beside it.
ALTER TABLE beats_tail ADD COLUMN cycle_tokens INTEGER;
ALTER TABLE beats ADD COLUMN cycle_tokens INTEGER;
`;
