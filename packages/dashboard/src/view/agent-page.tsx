import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { AgentDetail } from "../agent-detail.ts";
import type { AgentView } from "../api-types.ts";
import { mergeBeats } from "../fleet.ts";
import { byUrgency, restartsOf } from "../history.ts";
import { fleet } from "../live-fleet.ts";
import { circumstancesOf } from "../notes.ts";
import { spellSome } from "../spell-number.ts";
import { AgentActions } from "./agent-actions.tsx";
import { AgentFacts } from "./agent-facts.tsx";
import { BeatStrip } from "./beat-strip.tsx";
import { CycleChart } from "./cycle-chart.tsx";
import { EventList } from "./event-list.tsx";
import { IncidentCard, PastIncidents } from "./incident-card.tsx";
import { NoteList } from "./note-list.tsx";
import { RecoveryLadder } from "./recovery-ladder.tsx";
import { AgentSkeleton } from "./skeleton.tsx";
import { StateBadge } from "./state-badge.tsx";
import { Ago, LocalTime, Since } from "./time.tsx";

const shownRestarts = 6;
/** More than a row of the fleet shows, and still wide enough to be pointed at on a phone. */
const wideStrip = 90;

export function AgentPage({ name }: { readonly name: string }): JSX.Element {
  const detail = useMemo(() => new AgentDetail(name), [name]);
  useEffect(() => () => detail.close(), [detail]);
  const agent = useComputed(() => fleet.value.get(name)).value;
  if (!agent) return <NoSuchAgent name={name} looking={!detail.missing.value} />;
  return (
    <article class="agent">
      <AgentHead agent={agent} />
      <NoteList notes={circumstancesOf(agent)} />
      {detail.problem.value !== null && (
        <p class="problem" role="alert">
          Not everything could be loaded: {detail.problem.value}
        </p>
      )}
      {detail.settled.value ? <AgentBody agent={agent} detail={detail} /> : <AgentSkeleton />}
    </article>
  );
}

interface AgentBodyProps {
  readonly agent: AgentView;
  readonly detail: AgentDetail;
}

function AgentBody({ agent, detail }: AgentBodyProps): JSX.Element {
  const incidents = detail.incidents.value ?? [];
  const open = byUrgency(incidents.filter((one) => one.state === "open"));
  return (
    <>
      {open.length > 0 && (
        <div class="incident-stack">
          {open.map((incident) => (
            <IncidentCard key={incident.id} incident={incident} agent={agent} />
          ))}
        </div>
      )}
      <section class="panel" aria-labelledby="beats-title">
        <div class="section-head">
          <h2 id="beats-title">Beats</h2>
          {agent.last_message !== null && <p class="last-message muted">“{agent.last_message}”</p>}
        </div>
        <div class="strip-wide">
          <BeatStrip agent={withLongerPast(agent, detail)} capacity={wideStrip} walkable />
        </div>
      </section>
      <CycleChart agent={agent} detail={detail} />
      <div class="agent-columns">
        <AgentHistory detail={detail} />
        <div class="agent-side">
          <section class="panel" aria-labelledby="recovery-title">
            <h2 id="recovery-title">
              Restarts <span class="muted">{spellSome(agent.restarts_today, "time")} today</span>
            </h2>
            <RecoveryLadder agent={agent} />
            <EventList events={restartsOf(detail.events.value ?? []).slice(0, shownRestarts)} />
          </section>
          <section class="panel" aria-labelledby="facts-title">
            <h2 id="facts-title">Facts</h2>
            <AgentFacts agent={agent} />
          </section>
        </div>
      </div>
    </>
  );
}

/** The cycles that are loaded for the chart reach further back than what is kept of the whole fleet. */
function withLongerPast(agent: AgentView, detail: AgentDetail): AgentView {
  const cycles = detail.back.value.length === 0 ? (detail.cycles.value ?? []) : [];
  return { ...agent, recent: mergeBeats(cycles.slice(-wideStrip), agent.recent ?? [], wideStrip) };
}

function AgentHistory({ detail }: { readonly detail: AgentDetail }): JSX.Element {
  const past = (detail.incidents.value ?? []).filter((one) => one.state === "resolved");
  const events = detail.events.value ?? [];
  return (
    <div class="agent-main">
      {past.length > 0 && (
        <section class="panel" aria-labelledby="past-title">
          <h2 id="past-title">Past incidents</h2>
          <PastIncidents incidents={past} named={false} />
        </section>
      )}
      <section class="panel" aria-labelledby="events-title">
        <h2 id="events-title">Events</h2>
        {events.length === 0 ? <p class="muted">None so far.</p> : <EventList events={events} />}
      </section>
    </div>
  );
}

function AgentHead({ agent }: { readonly agent: AgentView }): JSX.Element {
  return (
    <header class="agent-head">
      <div>
        <h1>{agent.name}</h1>
        <p class="agent-now">
          <StateBadge state={agent.state} />
          <span>
            for <Since iso={agent.since} />
          </span>
          <span>last beat {agent.last_beat_at === null ? "never" : <Ago iso={agent.last_beat_at} />}</span>
          {agent.next_beat_by !== null && (
            <span>
              next by <LocalTime iso={agent.next_beat_by} seconds />
            </span>
          )}
        </p>
      </div>
      <AgentActions agent={agent} />
    </header>
  );
}

function NoSuchAgent({ name, looking }: { readonly name: string; readonly looking: boolean }): JSX.Element {
  if (looking) return <AgentSkeleton />;
  return (
    <section class="welcome">
      <h1>No agent is called {name}</h1>
      <p>It may have been forgotten, or it has not sent its first beat yet.</p>
      <p>
        <a href="#/">Back to the fleet</a>
      </p>
    </section>
  );
}
