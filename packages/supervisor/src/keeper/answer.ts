import { answerFor, type AgentSettings, type AgentState } from "@midwatch/core";
import type { BeatAnswer, SupervisedAgentView } from "@midwatch/protocol";
import type { StopReason } from "../journal/entry.ts";

/** What an agent is told in the answer to its beat: what is decided here goes before what the server last said. */
export function answerOf(
  state: AgentState,
  about: {
    readonly settings: AgentSettings;
    readonly stopReason: StopReason | null;
    readonly word: SupervisedAgentView | null;
    readonly agentId: number;
  },
): BeatAnswer {
  const { settings, stopReason, word, agentId } = about;
  const own = answerFor(state, settings);
  const directive = own.directive === "continue" && stopReason !== null ? "stop" : own.directive;
  const isOwn = directive !== "continue";
  return {
    ok: true,
    agent: state.name,
    agent_id: agentId,
    state: state.state,
    directive: isOwn ? directive : (word?.directive ?? "continue"),
    reason: own.reason ?? (isOwn ? (state.recovery?.reason ?? "it is being stopped") : (word?.reason ?? null)),
    next_beat_by: own.nextBeatBy === null ? null : new Date(own.nextBeatBy).toISOString(),
    warning: own.warning ?? word?.warning ?? null,
  };
}
