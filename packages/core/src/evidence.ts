// What a run was doing when it hung or ended. The watcher that keeps the agent took it; here its most telling line joins
// the open incident, so that whoever is told later (the raise to `page`, the report) reads it there.

import type { EvidenceNote } from "./event.ts";
import type { Incident, IncidentKind } from "./incident.ts";
import { findIncident } from "./incidents.ts";
import { record, type Turn } from "./turn.ts";

/** The incidents that evidence belongs to, by why it was taken. */
export const evidenceKinds: Readonly<Record<EvidenceNote["why"], readonly IncidentKind[]>> = {
  hung: ["hung", "silent"],
  crashed: ["crashed", "oom", "exited"],
  overdue: ["shutdown-overdue"],
};

/** The first line stays: it is of what opened the incident. Evidence of a crash comes before its incident, which has the last words. */
export function onEvidenceTaken(turn: Turn, { runId, why, summary }: EvidenceNote): void {
  record(turn, "evidence-taken", `evidence taken: ${summary}`, { run_id: runId, why });
  for (const kind of evidenceKinds[why]) {
    const incident = findIncident(turn.state, kind);
    if (incident) amend(turn, incident, summary);
  }
}

function amend(turn: Turn, incident: Incident, summary: string): void {
  const amended: Incident =
    incident.evidence === undefined
      ? { ...incident, evidence: summary, text: `${incident.text} Evidence: ${summary}.` }
      : incident;
  turn.state.incidents = turn.state.incidents.map((one) => (one === incident ? amended : one));
  // Said even when the text stays as it is: the evidence itself is new to whoever looks at the incident.
  turn.effects.push({ do: "amend", kind: incident.kind, incident: amended });
}
