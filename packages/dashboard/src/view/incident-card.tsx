import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { api } from "../api.ts";
import type { AgentView, IncidentView } from "../api-types.ts";
import { acceptOffer, canAccept } from "../commands.ts";
import { agentHref } from "../route.ts";
import { spellCount } from "../spell-number.ts";
import { spellDuration } from "../spell-time.ts";
import { EvidenceList } from "./evidence.tsx";
import { OfferButtons } from "./agent-actions.tsx";
import { SeverityGlyph } from "./state-badge.tsx";
import { LocalTime, Since } from "./time.tsx";

interface IncidentCardProps {
  readonly incident: IncidentView;
  /** Null on a page of many agents: the card then leads to its agent, where one can act. */
  readonly agent: AgentView | null;
}

/** An open incident: what was seen, the numbers behind it, and what a person can do. */
export function IncidentCard({ incident, agent }: IncidentCardProps): JSX.Element {
  return (
    <section class={`incident incident-${incident.severity}`} aria-labelledby={`incident-${incident.id}`}>
      <h2 id={`incident-${incident.id}`}>
        <SeverityGlyph severity={incident.severity} />
        <span>
          {!agent && (
            <>
              <a href={agentHref(incident.agent)}>{incident.agent}</a>
              {": "}
            </>
          )}
          {incident.title}
        </span>
      </h2>
      <p class="incident-when">
        <span>{incident.kind}</span>
        <span>
          since <LocalTime iso={incident.since} seconds />
        </span>
        <Since iso={incident.since} />
        {incident.acknowledged && (
          <span>
            acknowledged by {incident.acknowledged.by} at <LocalTime iso={incident.acknowledged.at} />
          </span>
        )}
      </p>
      <IncidentText incident={incident} />
      <div class="incident-acts">
        {!incident.acknowledged && <Acknowledge incident={incident} />}
        {agent && canAccept(incident) && <OfferButtons agent={agent} offers={[acceptOffer(agent)]} />}
      </div>
    </section>
  );
}

interface PastIncidentsProps {
  readonly incidents: readonly IncidentView[];
  readonly named: boolean;
}

/** What is over, a line each, with the rest behind it. */
export function PastIncidents({ incidents, named }: PastIncidentsProps): JSX.Element {
  return (
    <ul class="past">
      {incidents.map((incident) => (
        <li key={incident.id}>
          <details>
            <summary>
              <span class="event-time">
                <LocalTime iso={incident.opened_at} />
              </span>
              <SeverityGlyph severity={incident.severity} />
              <span>
                {named && <b>{incident.agent}: </b>}
                {incident.title}
                <span class="muted">
                  {" · "}
                  {spellDuration(incident.duration_s * 1_000)}
                  {incident.resolved_by !== null && `, ${resolvedWords[incident.resolved_by]}`}
                </span>
              </span>
            </summary>
            <IncidentText incident={incident}>
              {named && (
                <p>
                  <a href={agentHref(incident.agent)}>Go to {incident.agent}</a>
                </p>
              )}
            </IncidentText>
          </details>
        </li>
      ))}
    </ul>
  );
}

const resolvedWords: Readonly<Record<NonNullable<IncidentView["resolved_by"]>, string>> = {
  itself: "ended by itself",
  restart: "ended by a restart",
  person: "ended by a person",
  superseded: "became another incident",
};

interface IncidentTextProps {
  readonly incident: IncidentView;
  readonly children?: ComponentChildren;
}

function IncidentText({ incident, children }: IncidentTextProps): JSX.Element {
  const numbers = Object.entries(incident.numbers);
  return (
    <div class="incident-text">
      {incident.text !== "" && <p>{withCode(incident.text)}</p>}
      {numbers.length > 0 && (
        <dl class="numbers">
          {numbers.map(([name, value]) => (
            <div key={name}>
              <dt>{wordsOf(name)}</dt>
              <dd>{spellNumber(name, value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {incident.evidence.length > 0 && <EvidenceList lines={incident.evidence} />}
      {children}
    </div>
  );
}

/** What stands between backticks is something to type. */
function withCode(text: string): readonly ComponentChildren[] {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}

/** `silent_ms` is a duration and is spelled as one, so its unit goes. */
function wordsOf(name: string): string {
  return name.replace(/_ms$/, "").replaceAll("_", " ");
}

function spellNumber(name: string, value: number | string): string {
  if (typeof value === "string") return value;
  if (name.endsWith("_ms")) return spellDuration(value);
  return Number.isInteger(value) ? spellCount(value) : value.toString();
}

/** Acknowledging says "I am looking at it"; it resolves nothing. */
function Acknowledge({ incident }: { readonly incident: IncidentView }): JSX.Element {
  const refused = useSignal<string | null>(null);
  const busy = useSignal(false);
  const acknowledge = async (): Promise<void> => {
    busy.value = true;
    const answer = await api.acknowledge(incident.id);
    busy.value = false;
    refused.value = answer.ok ? null : answer.refusal.message;
  };
  return (
    <div class="buttons">
      <button
        type="button"
        disabled={busy.value}
        title="Says that you are looking at it; nothing is resolved by it"
        onClick={() => void acknowledge()}
      >
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
