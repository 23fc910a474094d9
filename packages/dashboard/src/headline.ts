import type { AgentView } from "./api-types.ts";
import { ATTENTION, attentionOf, type Attention } from "./attention.ts";

export interface Headline {
  /** How the fleet is, in one sentence. */
  readonly sentence: string;
  /** The worst there is. */
  readonly attention: Attention;
}

/** "All 5 agents are up.", "1 agent needs you, 1 is down." */
export function headlineOf(agents: readonly AgentView[]): Headline {
  const counts = new Map<Attention, number>(ATTENTION.map((one) => [one, 0]));
  for (const agent of agents) {
    const attention = attentionOf(agent);
    counts.set(attention, (counts.get(attention) ?? 0) + 1);
  }
  const count = (attention: Attention): number => counts.get(attention) ?? 0;
  const worst = ATTENTION.find((one) => count(one) > 0) ?? "well";
  const troubles = troublePhrases.flatMap(({ of, one, many }) =>
    count(of) === 0 ? [] : [{ n: count(of), words: count(of) === 1 ? one : many }],
  );
  if (troubles.length === 0) {
    return { sentence: calmSentence(agents, count("well")), attention: worst };
  }
  const [first, ...others] = troubles;
  const sentence = [
    ...(first ? [`${first.n} ${first.n === 1 ? "agent" : "agents"} ${first.words}`] : []),
    ...others.map(({ n, words }) => `${n} ${words}`),
  ].join(", ");
  return { sentence: `${sentence}.`, attention: worst };
}

const troublePhrases: readonly { of: Attention; one: string; many: string }[] = [
  { of: "needs-you", one: "needs you", many: "need you" },
  { of: "down", one: "is down", many: "are down" },
  { of: "late", one: "is late", many: "are late" },
  { of: "unseen", one: "is out of sight", many: "are out of sight" },
  { of: "warned", one: "has a warning", many: "have a warning" },
];

function calmSentence(agents: readonly AgentView[], up: number): string {
  const [only] = agents;
  if (!only) return "No agents yet.";
  if (up === 0) return agents.length === 1 ? `${only.name} is ${only.state}.` : "No agent is running.";
  if (up < agents.length) return up === 1 ? "1 agent is up." : `All ${up} running agents are up.`;
  if (up === 1) return `${only.name} is up.`;
  return up === 2 ? "Both agents are up." : `All ${up} agents are up.`;
}
