import { useComputed } from "@preact/signals";
import type { JSX } from "preact";
import type { AgentView } from "../api-types.ts";
import { attentionOf } from "../attention.ts";
import { fleet } from "../live-fleet.ts";
import { notesOf } from "../notes.ts";
import { agentHref } from "../route.ts";
import { spellDuration } from "../spell-time.ts";
import { BeatStrip } from "./beat-strip.tsx";
import { NoteList } from "./note-list.tsx";
import { StateBadge } from "./state-badge.tsx";
import { Ago } from "./time.tsx";
import { TokenSpark } from "./token-spark.tsx";

const stripCapacity = 40;

/** One agent of the fleet. It looks itself up, so that a beat repaints this row and no other. */
export function AgentRow({ name }: { readonly name: string }): JSX.Element | null {
  const agent = useComputed(() => fleet.value.get(name)).value;
  if (!agent) return null;
  return (
    <li class={`row row-${attentionOf(agent)}`}>
      <div class="row-state">
        <StateBadge state={agent.state} />
      </div>
      <div class="row-name">
        <a class="agent-link" href={agentHref(agent.name)}>
          {agent.name}
        </a>
        <span class="row-where muted">{whereOf(agent)}</span>
      </div>
      <div class="row-last">
        <span class="label">Last beat</span>
        {agent.last_beat_at === null ? <span class="muted">none yet</span> : <Ago iso={agent.last_beat_at} />}
      </div>
      <div class="row-strip">
        <BeatStrip agent={agent} capacity={stripCapacity} />
      </div>
      <div class="row-tokens">
        <span class="label">Tokens per cycle</span>
        <TokenSpark agent={agent} />
      </div>
      <div class="row-restarts">
        <span class="label">Restarts today</span>
        <span class={agent.restarts_today === 0 ? "muted" : ""}>{agent.restarts_today}</span>
      </div>
      <NoteList notes={notesOf(agent)} />
    </li>
  );
}

function whereOf(agent: AgentView): string {
  const every = `every ${spellDuration(agent.interval_s * 1_000)}`;
  return [agent.host, every, ...agent.tags].filter((part) => part !== null).join(" · ");
}
