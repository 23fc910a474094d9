import { useComputed } from "@preact/signals";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { AgentDetail } from "../agent-detail.ts";
import type { AgentView } from "../api-types.ts";
import { maxRecentBeats } from "../fleet.ts";
import { fleet } from "../live-fleet.ts";
import { spellCount, spellUsd } from "../spell-number.ts";
import { spellDuration } from "../spell-time.ts";
import { AgentActions } from "./agent-actions.tsx";
import { BeatStrip } from "./beat-strip.tsx";
import { CycleChart } from "./cycle-chart.tsx";
import { EventList } from "./event-list.tsx";
import { IncidentList } from "./incident-list.tsx";
import { NoteList } from "./note-list.tsx";
import { StateBadge } from "./state-badge.tsx";
import { Ago, LocalTime, Since } from "./time.tsx";

export function AgentPage({ name }: { readonly name: string }): JSX.Element {
  const detail = useMemo(() => new AgentDetail(name), [name]);
  useEffect(() => () => detail.close(), [detail]);
  const agent = useComputed(() => fleet.value.get(name)).value;
  if (!agent) return <NoSuchAgent name={name} known={!detail.missing.value} />;
  return (
    <article class="agent">
      <BackLink />
      <AgentHead agent={agent} />
      {detail.problem.value !== null && (
        <p class="banner" role="alert">
          Not everything could be loaded: {detail.problem.value}
        </p>
      )}
      <NoteList agent={agent} />
      <section aria-labelledby="beats-title">
        <h2 id="beats-title">Beats</h2>
        <div class="strip-wide">
          <BeatStrip agent={agent} capacity={maxRecentBeats} />
        </div>
        {agent.last_message !== null && <p class="muted last-message">“{agent.last_message}”</p>}
      </section>
      <CycleChart agent={agent} detail={detail} />
      <Facts agent={agent} />
      <div class="agent-columns">
        <IncidentList detail={detail} />
        <EventList agent={agent} detail={detail} />
      </div>
    </article>
  );
}

function AgentHead({ agent }: { readonly agent: AgentView }): JSX.Element {
  return (
    <header class="agent-head">
      <div>
        <h1>{agent.name}</h1>
        <p class="agent-now">
          <StateBadge state={agent.state} />
          <span class="muted">
            for <Since iso={agent.since} />
          </span>
          <span class="muted">
            last beat {agent.last_beat_at === null ? "never" : <Ago iso={agent.last_beat_at} />}
          </span>
          {agent.next_beat_by !== null && (
            <span class="muted">
              next by <LocalTime iso={agent.next_beat_by} seconds />
            </span>
          )}
        </p>
      </div>
      <AgentActions agent={agent} />
    </header>
  );
}

const intervalSources: Readonly<Record<AgentView["interval_source"], string>> = {
  set: "set by an operator",
  declared: "declared by the agent",
  learned: "learned from its gaps",
  assumed: "assumed",
};

function Facts({ agent }: { readonly agent: AgentView }): JSX.Element {
  return (
    <dl class="facts">
      <Fact name="Interval">
        {spellDuration(agent.interval_s * 1_000)} <span class="muted">{intervalSources[agent.interval_source]}</span>
      </Fact>
      <Fact name="Usual tokens per cycle">
        {agent.baseline_tokens === null ? "still learning" : spellCount(agent.baseline_tokens)}
      </Fact>
      <Fact name="Tokens, all time">{spellCount(agent.tokens_total)}</Fact>
      <Fact name="Cost, all time">{spellUsd(agent.cost_usd_total)}</Fact>
      <Fact name="Beats, all time">{spellCount(agent.beats_total)}</Fact>
      <Fact name="Restarts today">{agent.restarts_today}</Fact>
      <Fact name="Run">{agent.run_id === null ? "not named" : <code>{agent.run_id}</code>}</Fact>
      <Fact name="Host">{agent.host ?? "not known"}</Fact>
      <Fact name="First seen">
        <LocalTime iso={agent.first_seen_at} />
      </Fact>
      {agent.tags.length > 0 && <Fact name="Tags">{agent.tags.join(", ")}</Fact>}
    </dl>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function BackLink(): JSX.Element {
  return (
    <a class="back" href="#/">
      <span aria-hidden="true">←</span> Fleet
    </a>
  );
}

function NoSuchAgent({ name, known }: { readonly name: string; readonly known: boolean }): JSX.Element {
  return (
    <section class="welcome">
      <BackLink />
      <h1>{known ? "Looking…" : `No agent is called ${name}`}</h1>
      {!known && <p class="muted">It may have been forgotten, or it has not sent its first beat yet.</p>}
    </section>
  );
}
