// Which agents of the fleet are shown: by what was typed, and by one state that was picked. Both narrow.

import type { AgentStateName, AgentView } from "./api-types.ts";

export interface Wanted {
  readonly text: string;
  readonly state: AgentStateName | null;
}

/** Every typed word must be in the name, the host, a tag, or the title of an open incident. */
export function matches(agent: AgentView, wanted: Wanted): boolean {
  if (wanted.state !== null && agent.state !== wanted.state) return false;
  const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return true;
  const told = [agent.name, agent.host ?? "", ...agent.tags, ...agent.incidents.map((one) => one.title)]
    .join(" ")
    .toLowerCase();
  return words.every((word) => told.includes(word));
}

/** How many agents are in each state that occurs, those that want attention first. */
export function countStates(agents: Iterable<AgentView>): readonly { state: AgentStateName; count: number }[] {
  const counts = new Map<AgentStateName, number>();
  for (const { state } of agents) counts.set(state, (counts.get(state) ?? 0) + 1);
  return stateOrder.flatMap((state) => {
    const count = counts.get(state);
    return count === undefined ? [] : [{ state, count }];
  });
}

const stateOrder: readonly AgentStateName[] = ["down", "late", "unknown", "up", "new", "stopping", "paused", "stopped"];
