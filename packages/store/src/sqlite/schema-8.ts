// The outbox stays fast when much waits in it. Of each agent and channel the oldest unfinished row is marked as the head of
// its line; only heads can be claimed, and the index holds nothing else, so a claim reads about as many rows as it returns.
//
// Triggers keep the mark, not the code that writes: a process of the version before may still have this file open while
// it is brought up to date, and what it writes is marked just the same.

export const schema8 = `
ALTER TABLE outbox ADD COLUMN head INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET head = 1
WHERE id IN (SELECT min(id) FROM outbox WHERE finished_at IS NULL GROUP BY channel, agent);
CREATE INDEX outbox_heads ON outbox (channel, next_at, id) WHERE head = 1;

CREATE TRIGGER outbox_head_of_new_line AFTER INSERT ON outbox
WHEN NOT EXISTS (
  SELECT 1 FROM outbox WHERE channel = NEW.channel AND agent = NEW.agent AND id < NEW.id AND finished_at IS NULL
)
BEGIN
  UPDATE outbox SET head = 1 WHERE id = NEW.id;
END;

CREATE TRIGGER outbox_head_finished AFTER UPDATE OF finished_at ON outbox
WHEN OLD.head = 1 AND NEW.finished_at IS NOT NULL
BEGIN
  UPDATE outbox SET head = 0 WHERE id = NEW.id;
  UPDATE outbox SET head = 1 WHERE id = (
    SELECT min(id) FROM outbox WHERE channel = NEW.channel AND agent = NEW.agent AND finished_at IS NULL
  );
END;

-- Midwatch itself deletes finished rows only. People with a database shell and a dead channel delete others.
CREATE TRIGGER outbox_head_deleted AFTER DELETE ON outbox
WHEN OLD.head = 1
BEGIN
  UPDATE outbox SET head = 1 WHERE id = (
    SELECT min(id) FROM outbox WHERE channel = OLD.channel AND agent = OLD.agent AND finished_at IS NULL
  );
END;

-- How far each channel lags is counted without reading a message. Both hold a column that is the same in all of their rows:
-- without it SQLite would look it up in every row.
CREATE INDEX outbox_waiting ON outbox (channel, at, finished_at) WHERE finished_at IS NULL;
CREATE INDEX outbox_failed ON outbox (state, channel) WHERE state = 'failed';
`;
