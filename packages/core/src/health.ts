// What beats say besides that the loop turns: errors in a row, a clock that is off, progress that stands still, and
// two copies of one agent under one name.

import type { Beat } from "./beat.ts";
import { graceOf } from "./deadline.ts";
import { findIncident, openIncident, resolveIncident } from "./incidents.ts";
import { spellDuration } from "./spell.ts";
import type { Turn } from "./turn.ts";

/** An explicit `error` is a beat, so it never leads to a second, contradictory "silent". */
export function judgeErrors(turn: Turn, beat: Beat): void {
  const { state, settings, at } = turn;
  if (beat.status !== "error") {
    // A lease is taken in the middle of a cycle: how the cycle ends is not known yet.
    if (beat.leaseMs !== null) return;
    state.errorStreak = 0;
    if (beat.status !== "ok") return;
    const incident = findIncident(state, "failing");
    if (!incident) return;
    resolveIncident(turn, "failing", {
      by: "itself",
      title: `working again after ${spellDuration(at - incident.since)}`,
      text: "A beat without an error came. It recovered by itself.",
    });
    return;
  }
  state.errorStreak += 1;
  if (state.errorStreak < settings.failingLimit) return;
  openIncident(turn, {
    kind: "failing",
    since: at,
    title: `${state.errorStreak} errors in a row`,
    text: `Its loop turns and every cycle fails.${beat.message === null ? "" : ` Last message: ${beat.message}`} Nothing was done by itself.`,
    numbers: { errors: state.errorStreak },
  });
}

export function judgeClock(turn: Turn, beat: Beat, spooled: boolean): void {
  const { state, settings, at } = turn;
  if (beat.ts === null || spooled) return;
  const skewMs = Math.round(beat.ts - at);
  state.skewMs = skewMs;
  if (Math.abs(skewMs) <= settings.clockSkewMs) {
    resolveIncident(turn, "clock-skew", { by: "itself", title: "its clock is right again", text: "" });
    return;
  }
  openIncident(turn, {
    kind: "clock-skew",
    since: at,
    title: `its clock is ${spellDuration(Math.abs(skewMs))} ${skewMs > 0 ? "ahead" : "behind"}`,
    text: "Deadlines use the time a beat is received, so nothing is misjudged; its own logs will be off.",
    numbers: { skew_ms: skewMs },
  });
}

/** Opt-in: beats arrive, and what the agent calls its progress does not move. */
export function judgeProgress(turn: Turn, beat: Beat): void {
  const { state, settings, at } = turn;
  if (beat.progress === null) return;
  if (beat.progress !== state.progress) {
    state.progress = beat.progress;
    state.progressAge = 0;
    resolveIncident(turn, "stuck", { by: "itself", title: "making progress again", text: `Now at ${beat.progress}.` });
    return;
  }
  state.progressAge += 1;
  if (settings.stuckCycles === null || state.progressAge < settings.stuckCycles) return;
  openIncident(turn, {
    kind: "stuck",
    since: at,
    title: `no progress for ${state.progressAge} cycles`,
    text: `Beats arrive, but its progress has stayed at "${beat.progress}".`,
    numbers: { cycles: state.progressAge },
  });
}

/** Two runs that beat in turn are two copies of the agent, not a restart. */
export function judgeTurns(turn: Turn): void {
  const { state, settings, at } = turn;
  if (state.turnsAt === null) return;
  if (state.turnsAt === at) {
    openIncident(turn, {
      kind: "duplicate-instance",
      since: at,
      title: "two copies beat under this name",
      text: `Run ${state.run?.runId ?? "?"} and an earlier one beat in turn. Stop one of them, or give it a name of its own.`,
    });
    return;
  }
  if (at - state.turnsAt <= 3 * state.intervalMs + graceOf(state.intervalMs, settings)) return;
  state.turnsAt = null;
  resolveIncident(turn, "duplicate-instance", { by: "itself", title: "only one copy beats now", text: "" });
}
