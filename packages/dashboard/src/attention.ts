// How much an agent wants from the person looking. One scale serves the order of the fleet, the headline and the colour
// of a row, so that the three never contradict each other.

import type { AgentStateName, AgentView } from "./api-types.ts";

/**
 * Highest first.
 *
 * | attention | means |
 * |---|---|
 * | down | it is not beating, and that is an incident |
 * | needs-you | it beats or is held, but a person has to act: restarts exhausted, a possible loop, a spent budget |
 * | late | one beat was missed |
 * | unseen | the watcher itself was blind, so nobody knows |
 * | warned | something is open, and nobody needs to hurry |
 * | well | up, nothing open |
 * | settled | new, stopping, stopped or paused: on purpose, nothing to do and little to see |
 */
export const ATTENTION = ["needs-you", "down", "late", "unseen", "warned", "well", "settled"] as const;

export type Attention = (typeof ATTENTION)[number];

export function attentionOf(agent: AgentView): Attention {
  if (needsYou(agent)) return "needs-you";
  switch (agent.state) {
    case "down":
      return "down";
    case "late":
      return "late";
    case "unknown":
      return "unseen";
    case "up":
      return agent.incidents.some((one) => one.severity !== "info") ? "warned" : "well";
    case "new":
    case "stopping":
    case "stopped":
    case "paused":
      return agent.incidents.some((one) => one.severity !== "info") ? "warned" : "settled";
  }
}

const names = new Intl.Collator("en", { numeric: true });

/** Needs-attention first, then by name as people count; the order does not change while nothing happens. */
export function byAttention(agents: readonly AgentView[]): readonly AgentView[] {
  return agents
    .map((agent) => ({ agent, rank: ATTENTION.indexOf(attentionOf(agent)) }))
    .toSorted((a, b) => a.rank - b.rank || names.compare(a.agent.name, b.agent.name))
    .map(({ agent }) => agent);
}

const stateWords: Readonly<Record<AgentStateName, string>> = {
  new: "New",
  up: "Up",
  late: "Late",
  down: "Down",
  stopping: "Stopping",
  stopped: "Stopped",
  paused: "Paused",
  unknown: "Unknown",
};

export function spellState(state: AgentStateName): string {
  return stateWords[state];
}

/** A silence is what `down` already says; every other unacknowledged page waits for a person. */
function needsYou(agent: AgentView): boolean {
  if (agent.recovery?.phase === "exhausted") return true;
  return agent.incidents.some(
    (one) => !one.acknowledged && (one.kind === "needs-human" || (one.severity === "page" && one.kind !== "silent")),
  );
}
