import type { AgentView } from "./api-types.ts";
import { ATTENTION, attentionOf, type Attention } from "./attention.ts";

export interface Headline {
  /** How the fleet is, in one sentence. */
  readonly sentence: string;
  /** Everybody the sentence left out: "3 are up · 1 is paused"; empty when nobody was. */
  readonly rest: string;
  /** The worst there is. */
  readonly attention: Attention;
}

/** "All 5 agents are up.", "1 agent is down, 1 needs you." */
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
    return { sentence: calmSentence(agents, count("well")), rest: restOf(agents, false), attention: worst };
  }
  const [first, ...others] = troubles;
  const sentence = [
    ...(first ? [`${first.n} ${first.n === 1 ? "agent" : "agents"} ${first.words}`] : []),
    ...others.map(({ n, words }) => `${n} ${words}`),
  ].join(", ");
  return { sentence: `${sentence}.`, rest: restOf(agents, true), attention: worst };
}

const troublePhrases: readonly { of: Attention; one: string; many: string }[] = [
  { of: "down", one: "is down", many: "are down" },
  { of: "needs-you", one: "needs you", many: "need you" },
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

function restOf(agents: readonly AgentView[], withUp: boolean): string {
  const words = new Map<string, number>();
  for (const agent of agents) {
    const attention = attentionOf(agent);
    if (attention === "settled" && agents.length > 1) add(words, agent.state);
    if (attention === "well" && withUp) add(words, "up");
  }
  return ["up", "new", "stopping", "paused", "stopped"]
    .flatMap((word) => {
      const n = words.get(word);
      return n === undefined ? [] : [`${n} ${n === 1 ? "is" : "are"} ${word}`];
    })
    .join(" · ");
}

function add(words: Map<string, number>, word: string): void {
  words.set(word, (words.get(word) ?? 0) + 1);
}
