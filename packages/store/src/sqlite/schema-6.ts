// What reports compare with and see slow patterns in: baselines, how long cycles take, how much memory an agent holds. Hours
// outlive their beats, so a report about any past day stays what it was.

export const schema6 = `
ALTER TABLE beats_tail ADD COLUMN memory_bytes INTEGER;
ALTER TABLE beats ADD COLUMN memory_bytes INTEGER;

-- Cycles that told how long they took, and how long that was together.
ALTER TABLE agent_hours ADD COLUMN timed_cycles INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_hours ADD COLUMN cycle_ms REAL NOT NULL DEFAULT 0;
-- NULL when no beat told.
ALTER TABLE agent_hours ADD COLUMN max_memory_bytes INTEGER;
-- Cycles that were compared with a baseline, and the sum of these.
ALTER TABLE agent_hours ADD COLUMN judged_cycles INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agent_hours ADD COLUMN baseline_sum REAL NOT NULL DEFAULT 0;
`;
