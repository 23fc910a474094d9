import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { IncidentLog } from "../incident-log.ts";
import { byUrgency } from "../history.ts";
import { spellSome } from "../spell-number.ts";
import { IncidentCard, PastIncidents } from "./incident-card.tsx";
import { AttentionGlyph } from "./state-badge.tsx";
import { AgentSkeleton } from "./skeleton.tsx";

/** What is wrong anywhere, and what was lately. */
export function IncidentsPage(): JSX.Element {
  const log = useMemo(() => new IncidentLog(), []);
  useEffect(() => () => log.close(), [log]);
  const incidents = log.incidents.value;
  const open = byUrgency(incidents?.filter((one) => one.state === "open") ?? []);
  const past = incidents?.filter((one) => one.state === "resolved") ?? [];
  return (
    <div class="incidents-page">
      <header class="fleet-head">
        <h1>
          <AttentionGlyph
            attention={open.some((one) => one.severity === "page") ? "down" : open.length > 0 ? "late" : "well"}
          />
          {incidents === null
            ? "Incidents"
            : open.length === 0
              ? "Nothing is wrong."
              : `${spellSome(open.length, "open incident")}.`}
        </h1>
      </header>
      {log.problem.value !== null && (
        <p class="problem" role="alert">
          Incidents could not be loaded: {log.problem.value}
        </p>
      )}
      {incidents === null && log.problem.value === null && <AgentSkeleton />}
      <div class="incident-stack">
        {open.map((incident) => (
          <IncidentCard key={incident.id} incident={incident} agent={null} />
        ))}
      </div>
      {incidents !== null && (
        <section aria-labelledby="past-title" class="panel">
          <h2 id="past-title">Lately</h2>
          {past.length === 0 ? (
            <p class="muted">Nothing has gone wrong yet.</p>
          ) : (
            <PastIncidents incidents={past} named />
          )}
        </section>
      )}
    </div>
  );
}
