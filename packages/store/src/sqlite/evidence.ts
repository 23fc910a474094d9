// Evidence is large and soon dull: of each agent the newest pieces are kept, as many and as much as stand below. It is
// not tied to a row of an incident, for it comes before its incident as often as after it; an incident finds its own by
// agent, kind and time.

import { evidenceKinds, SECOND, type DurationMs, type Incident, type Ms } from "@midwatch/core";
import type { EvidenceDraft, EvidenceLine, StoredEvidence } from "../store.ts";
import { json, number, text } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

const keptPieces = 50;
const keptBytes = 20 * 1024 * 1024;
/** Evidence is taken in seconds, and the supervisor's clock is put right by each of its calls anew. */
const besideMs: DurationMs = 30 * SECOND;

/** A key that was written before is left as it is. Inside a transaction. */
export function addEvidence(db: Connection, agentId: number, draft: EvidenceDraft): void {
  const items = JSON.stringify(draft.items);
  const added = db.run(
    `INSERT INTO evidence (agent_id, key, at, run_id, why, summary, bytes, items) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (key) DO NOTHING`,
    agentId,
    draft.key,
    draft.at,
    draft.runId,
    draft.why,
    draft.summary,
    Buffer.byteLength(items),
    items,
  );
  if (added > 0) keepNewest(db, agentId);
}

function keepNewest(db: Connection, agentId: number): void {
  const rows = db.all("SELECT id, bytes FROM evidence WHERE agent_id = ? ORDER BY at DESC, id DESC", agentId);
  let bytes = 0;
  for (const [index, row] of rows.entries()) {
    bytes += number(row, "bytes");
    // The newest piece stays, whatever its size.
    if (index === 0 || (index < keptPieces && bytes <= keptBytes)) continue;
    db.run("DELETE FROM evidence WHERE id = ?", number(row, "id"));
  }
}

const columns = "evidence.id, at, run_id, why, summary";

/** What belongs to an incident, oldest first. */
export function evidenceOf(
  db: Connection,
  agentId: number,
  { kind, openedAt }: Incident,
  resolvedAt: Ms | null,
): readonly EvidenceLine[] {
  if (!Object.values(evidenceKinds).some((kinds) => kinds.includes(kind))) return [];
  const rows = db.all(
    `SELECT ${columns} FROM evidence WHERE agent_id = ? AND at >= ? AND at <= ? ORDER BY at, id`,
    agentId,
    openedAt - besideMs,
    resolvedAt === null ? Number.MAX_SAFE_INTEGER : resolvedAt + besideMs,
  );
  return rows.map(lineOf).filter(({ why }) => evidenceKinds[why].includes(kind));
}

export function readEvidence(db: Connection, id: number): StoredEvidence | null {
  const row = db.get(
    `SELECT ${columns}, items, name FROM evidence JOIN agents ON agents.id = agent_id WHERE evidence.id = ?`,
    id,
  );
  if (!row) return null;
  return { ...lineOf(row), agent: text(row, "name"), items: json(row, "items") as StoredEvidence["items"] };
}

function lineOf(row: Columns): EvidenceLine {
  // Every column was written by `addEvidence` only.
  return {
    id: number(row, "id"),
    at: number(row, "at"),
    runId: text(row, "run_id"),
    why: text(row, "why") as EvidenceLine["why"],
    summary: text(row, "summary"),
  };
}
