import type { Incident, Ms, ResolvedBy } from "@midwatch/core";
import type { IncidentView, IncidentSummary } from "@midwatch/protocol";
import type { EvidenceLine } from "@midwatch/store";
import { iso } from "./time.ts";

export interface IncidentFacts {
  readonly id: number;
  readonly agent: string;
  readonly incident: Incident;
  readonly resolvedAt: Ms | null;
  readonly resolvedBy: ResolvedBy | null;
}

/** An incident as the API shows it; `now` is for the length of one that is still open. */
export function incidentView(
  facts: IncidentFacts & { readonly evidence: readonly EvidenceLine[] },
  now: Ms,
): IncidentView {
  const evidence = facts.evidence.map(({ id, at, why, summary }) => ({ id, at: iso(at), why, summary }));
  return { ...incidentSummary(facts, now), evidence };
}

/** An incident as webhooks show it: what was taken of its runs comes after they are sent. */
export function incidentSummary(facts: IncidentFacts, now: Ms): IncidentSummary {
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
