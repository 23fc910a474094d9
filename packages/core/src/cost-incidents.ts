// Turns the detector's verdicts into incidents, and an incident into a hold where the settings ask for it.

import type { Beat } from "./beat.ts";
import type { ClosedAlarm } from "./cost/alarm.ts";
import { endBudgetCycle } from "./budget-incidents.ts";
import { explainClosed, explainVerdict } from "./cost/explain.ts";
import {
  acceptCost,
  closeMinute,
  closeOpenCycle,
  kindsInAlarm,
  meterCycle,
  meterMinute,
  stepCost,
  type JudgedCycle,
} from "./cost/step-cost.ts";
import type { CycleRecord } from "./effect.ts";
import { findIncident, isShadow, openIncident, resolveIncident } from "./incidents.ts";
import { changeState } from "./liveness.ts";
import { isRunning, stopProcess } from "./restart-policy.ts";
import { sourcesAt } from "./metering.ts";
import { endOfCycle } from "./repetition.ts";
import type { Ms } from "./time.ts";
import { record, type Turn } from "./turn.ts";

/**
 * Judges what was used up to a beat: `tokens` of the beat itself, and what was metered from outside since the one before.
 * Returns the cycle that it ended, if it ended one.
 */
export function judgeCost(turn: Turn, beat: Beat, tokens: number): CycleRecord | null {
  const { state, settings } = turn;
  endMinute(turn);
  const outside = takesPart(beat) ? state.cost.metered : 0;
  const before = outside === 0 ? state.cost : { ...state.cost, metered: 0 };
  const { state: cost, judged } = stepCost(
    before,
    {
      kind: beat.cycleKind,
      cycle: beat.cycle,
      tokens: tokens + outside,
      closes: beat.cycleMs !== null,
      detect: isJudged(turn),
    },
    settings.cost,
  );
  state.cost = cost;
  let ended: CycleRecord | null = null;
  for (const cycle of judged) {
    applyVerdict(turn, cycle);
    if (cycle.ended) {
      ended = { kind: cycle.kind || null, tokens: cycle.tokens, baseline: cycle.verdict.baseline, ms: beat.cycleMs };
    }
  }
  return ended;
}

/** A beat that takes a lease, waits or only starts stands in the middle of its cycle and says nothing of its cost. */
function takesPart({ cycle, leaseMs, status }: Beat): boolean {
  return cycle !== null || (leaseMs === null && (status === "ok" || status === "warning" || status === "error"));
}

/** Judges what was metered from outside the loop, in the cycle that runs. */
export function judgeMetered(turn: Turn, tokens: number, at: Ms): void {
  const { state, settings } = turn;
  if (tokens === 0 || !isJudged(turn)) return;
  const beats = state.beatsTotal > 0;
  const { state: cost, judged } = beats
    ? meterCycle(state.cost, tokens, settings.cost)
    : meterMinute(state.cost, { tokens, at }, settings.cost);
  state.cost = cost;
  applyMinutes(turn, judged);
}

/** Ends the minute of an agent that never beats, once no source lags behind it any more. */
export function endMinute(turn: Turn): void {
  const { state: cost, judged } = closeMinute(turn.state.cost, turn.settings.cost);
  turn.state.cost = cost;
  applyMinutes(turn, judged);
}

function applyMinutes(turn: Turn, judged: readonly JudgedCycle[]): void {
  for (const cycle of judged) {
    applyVerdict(turn, cycle);
    if (!cycle.ended) continue;
    turn.effects.push({ do: "keep-minute", at: turn.at, tokens: cycle.tokens, baseline: cycle.verdict.baseline });
    endCycle(turn);
  }
}

/** What is counted per cycle begins anew. */
export function endCycle(turn: Turn): void {
  endBudgetCycle(turn);
  const { state, at } = turn;
  const isOutside = state.beatsTotal > 0 && sourcesAt(state.metering, at).some((source) => source !== "beat");
  state.repetition = endOfCycle(state.repetition, isOutside);
}

/** Its run is over: the next one counts its cycles anew, and may give another cycle the same number. */
export function endOpenCycle(turn: Turn): void {
  const { state: cost, judged } = closeOpenCycle(turn.state.cost, turn.settings.cost);
  turn.state.cost = cost;
  for (const cycle of judged) applyVerdict(turn, cycle);
}

/** A burst of clean-up calls is expected from an agent that is shutting down, until it takes too long. */
export function isJudged({ state }: Turn): boolean {
  const ending = state.state === "stopping" || state.state === "stopped";
  return !ending || findIncident(state, "shutdown-overdue") !== undefined;
}

function applyVerdict(turn: Turn, { verdict }: JudgedCycle): void {
  if (verdict.closed) closeAlarm(turn, verdict.closed);
  switch (verdict.alarm) {
    case "none":
      return;
    case "spike":
      openIncident(turn, { kind: "spike", since: turn.at, ...explainVerdict(verdict) });
      resolveIncident(turn, "spike", { by: "itself", title: "the spike is over", text: "It lasted one cycle." });
      return;
    case "runaway":
    case "drift":
      if (verdict.change !== "opened") return;
      openIncident(turn, { kind: verdict.alarm, since: turn.at, ...explainVerdict(verdict) });
      if (verdict.alarm === "runaway" && turn.settings.onRunaway === "pause" && !isShadow(turn)) holdRunaway(turn);
  }
}

/** The agent's incident lasts until the last kind of cycle in alarm is calm again. */
function closeAlarm(turn: Turn, closed: ClosedAlarm): void {
  if (kindsInAlarm(turn.state.cost, closed.kind).length > 0) return;
  const { title, text } = explainClosed(closed);
  resolveIncident(turn, closed.kind, { by: closed.how === "superseded" ? "superseded" : "itself", title, text });
}

/** Ended only by a person: a loop that is started again by itself is a loop again. */
function holdRunaway(turn: Turn): void {
  const { state, settings, at } = turn;
  if (state.hold) return;
  const reason = `paused: ${findIncident(state, "runaway")?.title ?? "possible loop"}`;
  state.hold = { by: "runaway", directive: "pause", who: "loop detector", reason, at };
  state.nextMissAt = null;
  changeState(turn, "paused", reason);
  if (settings.keeps && isRunning(state.recovery)) stopProcess(turn, { why: "budget", then: "stay", reason });
}

/** A person says that what the agent costs now is its new normal. */
export function acceptBaselines(turn: Turn, by: string): void {
  turn.state.cost = acceptCost(turn.state.cost, turn.settings.cost);
  record(turn, "baseline-accepted", `${by} accepted the present cost as the new normal`, { by });
  for (const kind of ["runaway", "drift"] as const) {
    resolveIncident(turn, kind, {
      by: "person",
      title: `${by} accepted the present cost as the new normal`,
      text: "It is compared with its latest cycles from now on.",
    });
  }
}
