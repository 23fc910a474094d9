// Deletes what is older than people want to keep. Beats are settled first: what is pruned was counted in its hour before, and the hours stay.

import type { Store } from "../store.ts";
import { settle } from "./beats.ts";
import { number } from "./columns.ts";
import type { Connection } from "./connection.ts";

type Before = Parameters<Store["prune"]>[0];

// What is open or unfinished is never old.
const oldHistory = "DELETE FROM history WHERE id IN (SELECT id FROM history WHERE at < ? ORDER BY at, id LIMIT ?)";
const oldIncidents = `
DELETE FROM incidents WHERE id IN (SELECT id FROM incidents WHERE opened_at < ?1 AND resolved_at < ?1 LIMIT ?2)`;
const oldOutbox =
  "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox WHERE finished_at < ? ORDER BY finished_at, id LIMIT ?)";
const oldAttempts = `
DELETE FROM attempts WHERE outbox_id IN (SELECT id FROM outbox WHERE finished_at < ? ORDER BY finished_at, id LIMIT ?)`;
const oldSilences = "DELETE FROM silences WHERE id IN (SELECT id FROM silences WHERE until_at < ? LIMIT ?)";
const oldLinks = "DELETE FROM used_links WHERE id IN (SELECT id FROM used_links WHERE at < ? LIMIT ?)";
const oldEvidence = "DELETE FROM evidence WHERE id IN (SELECT id FROM evidence WHERE at < ? LIMIT ?)";
const oldCommands = `
DELETE FROM commands WHERE n IN (SELECT n FROM commands WHERE at < ? AND state IN ('done', 'failed', 'expired') LIMIT ?)`;
const oldSpools = `
DELETE FROM spools WHERE (supervisor, spool) IN (SELECT supervisor, spool FROM spools WHERE moved_at < ? LIMIT ?)`;
const oldSeries = "DELETE FROM telemetry_series WHERE key IN (SELECT key FROM telemetry_series WHERE at < ? LIMIT ?)";
const oldFacts = "DELETE FROM facts WHERE key IN (SELECT key FROM facts WHERE key >= ? AND key < ? LIMIT ?)";

const oldCalls = `
DELETE FROM calls WHERE (agent_id, key) IN
  (SELECT agent_id, key FROM calls WHERE at < ? LIMIT ?)`;

/** Inside a transaction. True when the limit was reached, so that there may be more. */
export function prune(db: Connection, before: Before, limit: number): boolean {
  settle(db);
  let left = limit - pruneBeats(db, before.beats, limit);
  left -= db.run(oldCalls, before.beats, left);
  left -= db.run(oldHistory, before.history, left);
  left -= db.run(oldIncidents, before.incidents, left);
  left -= db.run(oldEvidence, before.incidents, left);
  // Before the rows they belong to, and as many of those.
  db.run(oldAttempts, before.outbox, left);
  left -= db.run(oldOutbox, before.outbox, left);
  left -= db.run(oldSilences, before.history, left);
  left -= db.run(oldLinks, before.history, left);
  left -= db.run(oldCommands, before.history, left);
  left -= db.run(oldSpools, before.history, left);
  left -= db.run(oldSeries, before.beats, left);
  for (const { from, to } of before.facts ?? []) left -= db.run(oldFacts, from, to, left);
  return left <= 0;
}

const agentsWithOldBeats = `
SELECT id FROM agents WHERE EXISTS (SELECT 1 FROM beats WHERE agent_id = agents.id AND at < ?) LIMIT ?`;
const oldestBeats = `
DELETE FROM beats WHERE agent_id = ?1 AND (at, id) IN
  (SELECT at, id FROM beats WHERE agent_id = ?1 AND at < ?2 ORDER BY at, id LIMIT ?3)`;

/** Agent by agent, as the table is clustered. */
function pruneBeats(db: Connection, before: number, limit: number): number {
  let left = limit;
  for (const row of db.all(agentsWithOldBeats, before, limit)) {
    if (left <= 0) break;
    left -= db.run(oldestBeats, number(row, "id"), before, left);
  }
  return limit - left;
}
