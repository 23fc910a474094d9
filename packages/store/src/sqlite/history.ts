import type { HistoryEntry, HistoryKind, Ms } from "@midwatch/core";
import { lastMs, limitOf, pageOf, placeOf } from "../cursor.ts";
import type { PageOf, PageQuery, StoredEvent } from "../store.ts";
import { json, number, text } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";

export function addHistory(
  db: Connection,
  agent: { readonly id: number; readonly name: string },
  entry: HistoryEntry,
): StoredEvent {
  const id = db.insert(
    "INSERT INTO history (agent_id, at, kind, text, data) VALUES (?, ?, ?, ?, ?)",
    agent.id,
    entry.at,
    entry.kind,
    entry.text,
    JSON.stringify(entry.data),
  );
  return { ...entry, id, agent: agent.name };
}

const select = `
SELECT history.id, name, at, kind, text, data FROM history JOIN agents ON agents.id = agent_id
WHERE at >= ?1 AND at <= ?2 AND (at, history.id) < (?3, ?4)
AND (?5 IS NULL OR kind IN (SELECT value FROM json_each(?5)))`;
const newestFirst = "ORDER BY at DESC, history.id DESC LIMIT ?6";

export function readHistory(
  db: Connection,
  agentId: number | null,
  query: PageQuery & { readonly from?: Ms; readonly to?: Ms; readonly kinds?: readonly string[] },
): PageOf<StoredEvent> {
  const place = placeOf(query);
  const values = [
    query.from ?? 0,
    lastMs(place, query.to),
    place.at,
    place.id,
    query.kinds ? JSON.stringify(query.kinds) : null,
    limitOf(query) + 1,
  ];
  const rows =
    agentId === null
      ? db.all(`${select} ${newestFirst}`, ...values)
      : db.all(`${select} AND agent_id = ?7 ${newestFirst}`, ...values, agentId);
  return pageOf(rows.map(eventOf), query, (last) => [last.at, last.id]);
}

/** Ids are never used twice, so this never falls, whatever is pruned. */
export function lastHistoryId(db: Connection): number {
  const row = db.get("SELECT seq FROM sqlite_sequence WHERE name = 'history'");
  return row ? number(row, "seq") : 0;
}

function eventOf(row: Columns): StoredEvent {
  // Every column was written by `addHistory` only.
  return {
    id: number(row, "id"),
    agent: text(row, "name"),
    at: number(row, "at"),
    kind: text(row, "kind") as HistoryKind,
    text: text(row, "text"),
    data: json(row, "data") as HistoryEntry["data"],
  };
}
