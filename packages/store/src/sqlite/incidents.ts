import type { Incident, IncidentKind, Ms, ResolvedBy, Severity } from "@midwatch/core";
import { limitOf, pageOf, placeOf } from "../cursor.ts";
import type { IncidentWrite, PageOf, PageQuery, StoredIncident } from "../store.ts";
import { json, number, numberOrNull, text, textOrNull } from "./columns.ts";
import type { Columns, Connection } from "./connection.ts";
import { evidenceOf } from "./evidence.ts";

interface Agent {
  readonly id: number;
  readonly name: string;
}

/**
 * At most one incident is open per agent and kind. A write that finds none open (or, to open, finds one) still lands
 * on that one row, so that what an agent's state says and what the table says cannot drift apart.
 */
export function writeIncident(db: Connection, agent: Agent, write: IncidentWrite): StoredIncident {
  const { incident } = write;
  const id = keepOpen(db, agent.id, incident);
  const [resolvedAt, resolvedBy] = write.do === "resolve" ? [write.at, write.by] : [null, null];
  if (resolvedAt !== null) {
    db.run("UPDATE incidents SET resolved_at = ?, resolved_by = ? WHERE id = ?", resolvedAt, resolvedBy, id);
  }
  const evidence = evidenceOf(db, agent.id, incident, resolvedAt);
  return { id, agent: agent.name, incident, resolvedAt, resolvedBy, evidence };
}

function keepOpen(db: Connection, agentId: number, incident: Incident): number {
  const { kind, severity, since, openedAt } = incident;
  const body = JSON.stringify(incident);
  const open = openIncidentId(db, agentId, kind);
  if (open === null) {
    return db.insert(
      "INSERT INTO incidents (agent_id, kind, severity, since, opened_at, incident) VALUES (?, ?, ?, ?, ?, ?)",
      agentId,
      kind,
      severity,
      since,
      openedAt,
      body,
    );
  }
  db.run("UPDATE incidents SET severity = ?, since = ?, incident = ? WHERE id = ?", severity, since, body, open);
  return open;
}

export function openIncidentId(db: Connection, agentId: number, kind: IncidentKind): number | null {
  const row = db.get("SELECT id FROM incidents WHERE agent_id = ? AND kind = ? AND resolved_at IS NULL", agentId, kind);
  return row ? number(row, "id") : null;
}

const select = `
SELECT incidents.id, agent_id, name, incident, opened_at, resolved_at, resolved_by
FROM incidents JOIN agents ON agents.id = agent_id`;
const filter = `
WHERE since < ?1 AND (resolved_at IS NULL OR resolved_at >= ?2) AND opened_at <= ?3 AND (opened_at, incidents.id) < (?3, ?4)
AND (?5 IS NULL OR severity = ?5)`;
const newestFirst = "ORDER BY opened_at DESC, incidents.id DESC LIMIT ?6";

/** The query of all incidents, of one agent's, and each of them for the open and the resolved ones. */
const queries = {
  all: { any: "", open: "AND resolved_at IS NULL", resolved: "AND resolved_at IS NOT NULL" },
  one: {
    any: "AND agent_id = ?7",
    open: "AND agent_id = ?7 AND resolved_at IS NULL",
    resolved: "AND agent_id = ?7 AND resolved_at IS NOT NULL",
  },
} as const;

export function readIncidents(
  db: Connection,
  agentId: number | null,
  query: PageQuery & {
    readonly open?: boolean;
    readonly from?: Ms;
    readonly to?: Ms;
    readonly severity?: Severity;
  },
): PageOf<StoredIncident> {
  const place = placeOf(query);
  const which = query.open === undefined ? "any" : query.open ? "open" : "resolved";
  const more = queries[agentId === null ? "all" : "one"][which];
  const rows = db.all(
    `${select} ${filter} ${more} ${newestFirst}`,
    query.to ?? Number.MAX_SAFE_INTEGER,
    query.from ?? 0,
    place.at,
    place.id,
    query.severity ?? null,
    limitOf(query) + 1,
    ...(agentId === null ? [] : [agentId]),
  );
  // The place is taken from the columns that the list is sorted by.
  const page = pageOf(rows, query, (last) => [number(last, "opened_at"), number(last, "id")]);
  return { items: page.items.map((row) => incidentOf(db, row)), next: page.next };
}

export function readIncident(db: Connection, id: number): StoredIncident | null {
  const row = db.get(`${select} WHERE incidents.id = ?`, id);
  return row ? incidentOf(db, row) : null;
}

function incidentOf(db: Connection, row: Columns): StoredIncident {
  // Every column was written by `writeIncident` only.
  const incident = json(row, "incident") as Incident;
  const resolvedAt = numberOrNull(row, "resolved_at");
  return {
    id: number(row, "id"),
    agent: text(row, "name"),
    incident,
    resolvedAt,
    resolvedBy: textOrNull(row, "resolved_by") as ResolvedBy | null,
    evidence: evidenceOf(db, number(row, "agent_id"), incident, resolvedAt),
  };
}
