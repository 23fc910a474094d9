import { answerFor, type Ms } from "@midwatch/core";
import { errorBody, type BeatAnswer } from "@midwatch/protocol";
import type { BeatResult } from "./beat-queue.ts";

type Accepted = Extract<BeatResult, { ok: true }>;

/**
 * The answer to one beat, as JSON text. Built by hand because this runs for every beat, and a general serialiser costs more
 * than the beat itself.
 */
function beatAnswerJson(accepted: Accepted): string {
  const { state, settings, agentId } = accepted;
  const { directive, reason, warning, nextBeatBy } = answerFor(state, settings);
  return (
    `{"ok":true,"agent":${JSON.stringify(state.name)},"agent_id":${agentId},"state":"${state.state}",` +
    `"directive":"${directive}","reason":${reason === null ? "null" : JSON.stringify(reason)},` +
    `"next_beat_by":${nextBeatBy === null ? "null" : `"${isoOf(nextBeatBy)}"`},` +
    `"warning":${warning === null ? "null" : `"${warning}"`}}`
  );
}

let lastTime: { readonly ms: Ms; readonly iso: string } = { ms: 0, iso: new Date(0).toISOString() };

/** Beats that are answered together mostly have the same time to come: 0.14 µs an answer against 0.60 when it is spelled for each. */
function isoOf(ms: Ms): string {
  if (ms !== lastTime.ms) lastTime = { ms, iso: new Date(ms).toISOString() };
  return lastTime.iso;
}

/** The same as data, for answers that hold other things too. */
export function beatAnswer(accepted: Accepted): BeatAnswer {
  const { state, settings, agentId } = accepted;
  const answer = answerFor(state, settings);
  return {
    ok: true,
    agent: state.name,
    agent_id: agentId,
    state: state.state,
    directive: answer.directive,
    reason: answer.reason,
    next_beat_by: answer.nextBeatBy === null ? null : new Date(answer.nextBeatBy).toISOString(),
    warning: answer.warning,
  };
}

export function resultJson(result: BeatResult): string {
  return result.ok ? beatAnswerJson(result) : JSON.stringify(errorBody(result.error));
}
