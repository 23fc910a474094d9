import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { AgentDetail } from "../agent-detail.ts";
import { api } from "../api.ts";
import type { IncidentView } from "../api-types.ts";
import { spellCount } from "../spell-number.ts";
import { spellDuration } from "../spell-time.ts";
import { SeverityGlyph } from "./state-badge.tsx";
import { LocalTime, Since } from "./time.tsx";

export function IncidentList({ detail }: { readonly detail: AgentDetail }): JSX.Element {
  const incidents = detail.incidents.value;
  const open = incidents?.filter((one) => one.state === "open") ?? [];
  const past = incidents?.filter((one) => one.state === "resolved") ?? [];
  return (
    <section aria-labelledby="incidents-title">
      <h2 id="incidents-title">Incidents</h2>
      {incidents === null && <p class="muted">Loading…</p>}
      {incidents?.length === 0 && <p class="muted">None so far.</p>}
      {open.map((incident) => (
        <OpenIncidentCard key={incident.id} incident={incident} />
      ))}
      {open.length === 0 && past.length > 0 && <p class="muted">None open.</p>}
      <ul class="past">
        {past.map((incident) => (
          <li key={incident.id}>
            <details>
              <summary>
                <span class="event-time">
                  <LocalTime iso={incident.opened_at} />
                </span>
                <SeverityGlyph severity={incident.severity} />
                <span>
                  {incident.title}{" "}
                  <span class="muted">
                    {spellDuration(incident.duration_s * 1_000)}
                    {incident.resolved_by !== null && `, ${resolvedWords[incident.resolved_by]}`}
                  </span>
                </span>
              </summary>
              <IncidentText incident={incident} />
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

const resolvedWords: Readonly<Record<NonNullable<IncidentView["resolved_by"]>, string>> = {
  itself: "ended by itself",
  restart: "ended by a restart",
  person: "ended by a person",
  superseded: "became another incident",
};

function OpenIncidentCard({ incident }: { readonly incident: IncidentView }): JSX.Element {
  return (
    <div class={`incident incident-${incident.severity}`}>
      <h3>
        <SeverityGlyph severity={incident.severity} />
        {incident.title}
      </h3>
      <p class="muted">
        {incident.kind} · since <LocalTime iso={incident.since} /> · <Since iso={incident.since} />
      </p>
      <IncidentText incident={incident} />
      <Acknowledgement incident={incident} />
    </div>
  );
}

function IncidentText({ incident }: { readonly incident: IncidentView }): JSX.Element {
  const numbers = Object.entries(incident.numbers);
  return (
    <div class="incident-text">
      {incident.text !== "" && <p>{incident.text}</p>}
      {numbers.length > 0 && (
        <dl class="numbers">
          {numbers.map(([name, value]) => (
            <div key={name}>
              <dt>{name.replaceAll("_", " ")}</dt>
              <dd>{typeof value === "number" && Number.isInteger(value) ? spellCount(value) : value}</dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}

/** Acknowledging says "I am looking at it"; it resolves nothing. */
function Acknowledgement({ incident }: { readonly incident: IncidentView }): JSX.Element {
  const refused = useSignal<string | null>(null);
  const busy = useSignal(false);
  if (incident.acknowledged) {
    return (
      <p class="muted">
        Acknowledged by {incident.acknowledged.by} at <LocalTime iso={incident.acknowledged.at} />
      </p>
    );
  }
  const acknowledge = async (): Promise<void> => {
    busy.value = true;
    const answer = await api.acknowledge(incident.id);
    busy.value = false;
    refused.value = answer.ok ? null : answer.refusal.message;
  };
  return (
    <div class="buttons">
      <button type="button" disabled={busy.value} onClick={() => void acknowledge()}>
        Acknowledge
      </button>
      {refused.value !== null && (
        <span class="refused" role="alert">
          Not done: {refused.value}
        </span>
      )}
    </div>
  );
}
