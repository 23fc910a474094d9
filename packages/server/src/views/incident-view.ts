import type { Incident, Ms, ResolvedBy } from "@midwatch/core";
import type { IncidentView } from "@midwatch/protocol";
import { iso } from "./time.ts";

export interface IncidentFacts {
  readonly id: number;
  readonly agent: string;
  readonly incident: Incident;
  readonly resolvedAt: Ms | null;
  readonly resolvedBy: ResolvedBy | null;
}

/** An incident as the API and webhooks show it; `now` is for the length of one that is still open. */
export function incidentView(facts: IncidentFacts, now: Ms): IncidentView {
  const { id, agent, incident, resolvedAt, resolvedBy } = facts;
  return {
    id,
    agent,
    kind: incident.kind,
    severity: incident.severity,
    state: resolvedAt === null ? "open" : "resolved",
    opened_at: iso(incident.openedAt),
    since: iso(incident.since),
    resolved_at: resolvedAt === null ? null : iso(resolvedAt),
    resolved_by: resolvedBy,
    duration_s: Math.max(0, Math.round((resolvedAt ?? now) - incident.since) / 1000),
    acknowledged: incident.acknowledged ? { at: iso(incident.acknowledged.at), by: incident.acknowledged.by } : null,
    title: incident.title,
    text: incident.text,
    numbers: { ...incident.numbers },
  };
}
