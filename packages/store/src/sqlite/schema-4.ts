// What the receiver of telemetry remembers: where cumulative metrics stood, and usage that waits to be known for a sum.

export const schema4 = `
CREATE TABLE telemetry_series (
  key TEXT NOT NULL PRIMARY KEY,
  started_at INTEGER NOT NULL,
  at INTEGER NOT NULL,
  value REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX telemetry_series_by_age ON telemetry_series (at);

CREATE TABLE telemetry_held (
  trace TEXT NOT NULL,
  span TEXT NOT NULL,
  parent TEXT,
  agent TEXT NOT NULL,
  due_at INTEGER NOT NULL,
  -- A MeteredCall as JSON; it lives for a minute and a half.
  call TEXT NOT NULL,
  PRIMARY KEY (trace, span)
) STRICT, WITHOUT ROWID;
CREATE INDEX telemetry_held_by_due ON telemetry_held (due_at);
`;
