// What the server last said of one agent, and what follows from it here. The server's answers repeat what it wants, so only
// a change is acted on: an agent that a person has started again here is not stopped by yesterday's word.

import type { AgentState, Beat, CommandName } from "@midwatch/core";
import type { SupervisedAgentView } from "@midwatch/protocol";

/** Who holds an agent that the server wants paused. */
export const theServer = "the server";

export type Demand = Extract<CommandName, "pause" | "resume" | "stop">;

/** What the new word asks for; null when nothing has changed or it is so already. */
export function demandOf(
  last: SupervisedAgentView | null,
  word: SupervisedAgentView,
  state: AgentState,
): Demand | null {
  // The server may have let go while this supervisor was away: then its first word is no change, and the agent is held all the same.
  if (word.directive === "continue") return state.hold?.who === theServer ? "resume" : null;
  if (word.directive === last?.directive) return null;
  if (word.directive === "pause") return state.hold?.directive === "pause" ? null : "pause";
  return state.recovery?.phase === "stopped" || state.recovery?.phase === "stopping" ? null : "stop";
}

/** True when the present run has beaten past this supervisor, straight to the server, since the last word. */
export function beatDirectly(
  last: SupervisedAgentView | null,
  word: SupervisedAgentView,
  present: { readonly runId: string | null; readonly namesRuns: boolean },
): boolean {
  const { runId, namesRuns } = present;
  if (word.direct_beat_at === null || runId === null) return false;
  // A platform's run has whatever name its agent gives it: there too only a new beat can be this run's.
  if (!namesRuns) return last !== null && word.direct_beat_at > (last.direct_beat_at ?? 0);
  if (word.direct_run_id === runId) return word.direct_beat_at > (last?.direct_beat_at ?? 0);
  // Without a run's name only a new beat can be this run's: the first word may tell of one from long ago.
  return word.direct_run_id === null && last !== null && word.direct_beat_at > (last.direct_beat_at ?? 0);
}

/** What the server says of a beat that passed this supervisor by, as far as life goes: tokens and words are with the server already. */
export function bareBeat(agent: string, word: SupervisedAgentView): Beat {
  return {
    agent,
    status: word.direct_status ?? "ok",
    tokens: 0,
    costUsdMicros: null,
    ts: null,
    runId: word.direct_run_id,
    instance: null,
    seq: null,
    cycle: null,
    cycleKind: null,
    cycleMs: null,
    usage: [],
    intervalMs: word.direct_interval_ms ?? null,
    everyMs: null,
    leaseMs: word.direct_lease_ms ?? null,
    leaseReason: null,
    message: null,
    progress: null,
    tools: [],
    metrics: {},
  };
}
