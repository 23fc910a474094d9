import type { AgentEvent, AgentState, Effect, Exit, Recovery } from "@midwatch/core";
import type { SupervisorFact } from "@midwatch/protocol";

/** What the server has to hear of one decision, in order: what happened, then what the recovery makes of it. */
export function factsOf(
  event: AgentEvent,
  before: AgentState,
  after: AgentState,
  effects: readonly Effect[],
): readonly SupervisorFact[] {
  const { at } = event;
  const agent = after.name;
  const facts: SupervisorFact[] = [];
  if (event.type === "started") facts.push({ type: "started", at, agent, run_id: event.runId, pid: event.pid });
  if (event.type === "start-refused") {
    facts.push({ type: "start-refused", at, agent, run_id: event.runId, reason: event.reason });
  }
  if (event.type === "start-delayed" && effects.length > 0) {
    facts.push({ type: "start-delayed", at, agent, reason: event.reason });
  }
  if (event.type === "state-invalid") {
    const { reason, action, text } = event;
    facts.push({ type: "state-invalid", at, agent, reason, action, text });
  }
  // The core records an exit only when it is the end of the present run.
  if (event.type === "exited" && effects.some((effect) => effect.do === "record" && effect.entry.kind === "exited")) {
    facts.push({ type: "exited", at, agent, run_id: event.runId, exit: exitOf(event.exit) });
  }
  if (effects.some(isHung)) {
    const run_id = before.recovery?.runId ?? "";
    const last_beat_at = before.recovery?.phase === "starting" ? null : before.lastBeatAt;
    facts.push({ type: "hung", at, agent, run_id, last_beat_at });
  }
  if (after.recovery && JSON.stringify(after.recovery) !== JSON.stringify(before.recovery)) {
    facts.push({ type: "recovery", at, agent, recovery: recoveryOf(after.recovery) });
  }
  return facts;
}

function isHung(effect: Effect): boolean {
  return (effect.do === "stop" && effect.why === "hung") || (effect.do === "open" && effect.incident.kind === "hung");
}

function exitOf({
  code,
  signal,
  stoppedFor,
  oom,
  lastLines,
}: Exit): Extract<SupervisorFact, { type: "exited" }>["exit"] {
  return { code, signal, stopped_for: stoppedFor, oom, last_lines: [...lastLines] };
}

function recoveryOf(recovery: Recovery): Extract<SupervisorFact, { type: "recovery" }>["recovery"] {
  const { phase, attempt, of, until, startedAt, runId, pid, reason, restarts, troubleSince } = recovery;
  return {
    phase,
    attempt,
    of,
    until,
    started_at: startedAt,
    run_id: runId,
    pid,
    reason,
    restarts: [...restarts],
    trouble_since: troubleSince,
  };
}
