// Links in messages act once: which of them were used, by whom, and what came of it.

export const schema7 = `
CREATE TABLE used_links (
  id TEXT NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  -- NULL while it is being done.
  outcome TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX used_links_by_time ON used_links (at);
`;
