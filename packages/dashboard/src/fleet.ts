// The dashboard's picture of the fleet, and how messages change it. Everything is bounded: beats per agent are a ring,
// and agents beyond the bound are counted by nobody here (the lists are paged; the page says so).

import type { AgentView, BeatView, StreamMessage } from "./api-types.ts";

/** Beats kept per agent: the widest strip, on the agent's own page. */
export const maxRecentBeats = 60;
export const maxAgents = 2_000;

export type Fleet = ReadonlyMap<string, AgentView>;

/** The fleet as a list answered it; beats are kept when the list came without them. */
export function fleetOf(agents: readonly AgentView[], before: Fleet): Fleet {
  return new Map(
    agents
      .slice(0, maxAgents)
      .map((agent) => [agent.name, withBeats(agent, agent.recent ?? beatsOf(before, agent.name))]),
  );
}

/** The fleet after these messages; the same object when they change nothing. */
export function applyMessages(fleet: Fleet, messages: readonly StreamMessage[]): Fleet {
  let next: Map<string, AgentView> | null = null;
  for (const message of messages) {
    if (message.event === "agent") {
      const { data } = message;
      const current = next ?? fleet;
      if (!current.has(data.name) && current.size >= maxAgents) continue;
      next ??= new Map(fleet);
      next.set(data.name, withBeats(data, mergeBeats(beatsOf(current, data.name), data.recent ?? [])));
    } else if (message.event === "agent-forgotten") {
      next ??= new Map(fleet);
      next.delete(message.data.name);
    }
  }
  return next ?? fleet;
}

/**
 * Beats seen before are not added again: after a reconnect the stream repeats what it is not sure we heard. A beat has
 * no id of its own here, so that its time, cycle, status and tokens together stand for it.
 */
export function mergeBeats(
  known: readonly BeatView[],
  fresh: readonly BeatView[],
  limit = maxRecentBeats,
): readonly BeatView[] {
  if (fresh.length === 0) return known;
  const seen = new Set(known.map(identityOf));
  const added = fresh.filter((beat) => !seen.has(identityOf(beat)));
  if (added.length === 0) return known;
  const merged = [...known, ...added];
  const last = known.at(-1);
  const inOrder = !last || added.every((beat) => beat.at >= last.at);
  return (inOrder ? merged : merged.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at))).slice(-limit);
}

function identityOf(beat: BeatView): string {
  return `${beat.at} ${beat.cycle ?? ""} ${beat.status} ${beat.tokens}`;
}

function beatsOf(fleet: Fleet, name: string): readonly BeatView[] {
  return fleet.get(name)?.recent ?? [];
}

function withBeats(agent: AgentView, beats: readonly BeatView[]): AgentView {
  return { ...agent, recent: beats.slice(-maxRecentBeats) };
}
