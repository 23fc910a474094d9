// Whether the agent's loop turns. Two facts decide: when the last beat came, and what it promised.
//
// | from | what happens | to |
// |---|---|---|
// | any but paused | beat `ok`, `warning`, `error`, `starting` | up |
// | up, unknown | one beat missed | late |
// | late | as many missed as the limit allows | down, `silent` (or `hung`, where the process is seen alive) |
// | up, late | beat `shutting_down` | stopping |
// | stopping | beat `stopped` or clean exit | stopped |
// | stopping | drain deadline passed | stopping, `shutdown-overdue` |
// | up, late | the watcher was blind | unknown |
//
// Only the watcher's own time counts; the agent's clock never moves a deadline.

import type { Beat } from "./beat.ts";
import { firstMissAt, graceOf, startupOf } from "./deadline.ts";
import { findIncident, openIncident, outageKinds, resolveIncident } from "./incidents.ts";
import { spellDuration } from "./spell.ts";
import type { LivenessState } from "./state.ts";
import { MINUTE, SECOND, type Ms } from "./time.ts";
import { record, type Turn } from "./turn.ts";

/** A silence that ends by itself within this many intervals teaches the interval, if none was declared. */
const learnWithin = 5;
const learnFactor = 1.5;
/** How long a server waits for the supervisor's verdict on a silent agent before it speaks itself. */
const supervisorFirstMs = 10 * SECOND;

export function changeState(turn: Turn, to: LivenessState, why: string): void {
  const { state, at } = turn;
  const from = state.state;
  if (from === to) return;
  state.state = to;
  state.since = at;
  record(turn, "state-changed", `${from} → ${to}: ${why}`, { from, to });
}

/** A hold has ended: its loop is waited for again. */
export function resumeWatching(turn: Turn, why: string): void {
  const { state, settings, at } = turn;
  if (state.state !== "paused") return;
  changeState(turn, state.lastBeatAt === null ? "new" : "unknown", why);
  state.missed = 0;
  // One that is known only by what it spends is not waited for.
  if (state.lastBeatAt === null && state.supervisor === null) return;
  state.nextMissAt =
    state.lastBeatAt === null
      ? at + startupOf(state.intervalMs, settings)
      : firstMissAt(at, null, state.intervalMs, settings);
}

/** The interval in force: set by an operator, else declared by the beat, else learned, else assumed. */
export function updateInterval(turn: Turn, beat: Beat): void {
  const { state, settings, at } = turn;
  if (settings.intervalMs !== null) {
    state.intervalMs = settings.intervalMs;
    state.intervalSource = "set";
    return;
  }
  if (beat.intervalMs !== null) {
    state.intervalMs = beat.intervalMs;
    state.intervalSource = "declared";
    return;
  }
  if (state.intervalSource === "declared") return;
  const atLeast = Math.max(beat.everyMs ?? 0, state.intervalMs);
  const gap = state.lastBeatAt === null ? 0 : at - Math.max(state.lastBeatAt, state.lease?.until ?? 0);
  const watched = state.state === "up" || state.state === "late" || state.state === "down";
  const surprised = watched && gap > state.intervalMs + graceOf(state.intervalMs, settings);
  if (!surprised || gap > learnWithin * state.intervalMs) {
    state.intervalMs = atLeast;
    return;
  }
  state.intervalMs = Math.max(atLeast, Math.round(learnFactor * gap));
  state.intervalSource = "learned";
  record(
    turn,
    "interval-learned",
    `a silence of ${spellDuration(gap)} ended by itself; the interval is now ${spellDuration(state.intervalMs)}`,
    { gap_ms: gap, interval_ms: state.intervalMs },
  );
}

/** Applies the newest beat of the agent to its state and deadlines. */
export function applyBeat(turn: Turn, beat: Beat): void {
  const { state, at, settings } = turn;
  const silentSince = state.lastBeatAt;
  state.lastBeatAt = Math.max(at, state.lastBeatAt ?? at);
  state.lastStatus = beat.status;
  if (beat.message !== null) state.lastMessage = beat.message;
  state.missed = 0;
  if (state.supervisor?.asked) state.supervisor = { ...state.supervisor, asked: false };
  state.lease = leaseOf(turn, beat);
  switch (beat.status) {
    case "shutting_down":
      return announceShutdown(turn);
    case "stopped":
      return endOnPurpose(turn, "the agent said it has stopped");
    case "exited":
      return endedItself(turn);
    case "error":
      if (state.state === "stopping") return;
      break;
    case "ok":
    case "warning":
    case "starting":
    case "paused":
      break;
  }
  // A process that is being stopped may still beat; its fate is decided.
  if (state.recovery?.phase === "stopping" && settings.keeps) return;
  if (state.hold?.directive === "pause") {
    state.nextMissAt = null;
    changeState(turn, "paused", state.hold.reason);
    return;
  }
  state.drainBy = null;
  state.nextMissAt =
    settings.liveness === "process"
      ? null
      : firstMissAt(state.lastBeatAt, state.lease?.until ?? null, state.intervalMs, settings);
  changeState(turn, "up", "it beats");
  endOutage(turn, silentSince);
}

/** What a beat by itself puts an end to. Causes that a supervisor reported end when the restart has proven itself. */
function endOutage(turn: Turn, silentSince: Ms | null): void {
  const { state, at } = turn;
  // Nearly every beat ends here. Finding words that nobody hears was a tenth of all that a batch of beats allocates.
  if (state.incidents.length === 0) return;
  const back = (since: Ms): { title: string; text: string } => ({
    title: `beating again after ${spellDuration(at - since)}`,
    text: `The outage lasted ${spellDuration(at - since)}. It recovered by itself.`,
  });
  const silent = findIncident(state, "silent");
  if (silent) resolveIncident(turn, "silent", { by: "itself", ...back(silent.since) });
  resolveIncident(turn, "shutdown-overdue", { by: "itself", ...back(silentSince ?? at) });
  if (state.recovery) return;
  for (const kind of ["exited", "crashed", "oom", "hung"] as const) {
    const incident = findIncident(state, kind);
    if (incident) resolveIncident(turn, kind, { by: "itself", ...back(incident.since) });
  }
}

/** Counts the beats whose time has passed; true when as many are missed as the limit allows. */
export function missBeats(turn: Turn): boolean {
  const { state, settings, at } = turn;
  while (state.nextMissAt !== null && state.nextMissAt <= at) {
    const missedAt = state.nextMissAt;
    const last = state.missed + 1 >= settings.missedLimit || state.state === "new";
    if (last && awaitsSupervisor(turn)) {
      state.nextMissAt = missedAt + supervisorFirstMs;
      state.supervisor = state.supervisor && { ...state.supervisor, asked: true };
      continue;
    }
    state.missed += 1;
    if (last) {
      state.nextMissAt = null;
      return true;
    }
    state.nextMissAt = missedAt + state.intervalMs;
    changeState(turn, "late", `no beat for ${spellDuration(at - (state.lastBeatAt ?? state.firstSeenAt))}`);
  }
  return false;
}

/** Nobody sees its process, and its beats have stopped. */
export function goSilent(turn: Turn): void {
  const { state, at, settings } = turn;
  const since = state.lastBeatAt ?? state.firstSeenAt;
  const silence = spellDuration(at - since);
  const never = state.lastBeatAt === null;
  changeState(turn, "down", never ? `no first beat within ${silence}` : `silent for ${silence}`);
  if (outageKinds.some((kind) => findIncident(state, kind)) || findIncident(state, "needs-human")) return;
  const promise = `It promises a beat every ${spellDuration(state.intervalMs)} (${state.intervalSource})`;
  openIncident(turn, {
    kind: "silent",
    since,
    title: never ? `has never beaten, ${silence} after it was first seen` : `silent for ${silence}`,
    text: never
      ? `No beat has come since it was registered. Check that its loop runs and that it sends its beats here.`
      : `${promise}; ${state.missed} were missed in a row. ${whoActs(turn)} Check its process, then its log.`,
    numbers: {
      interval_ms: state.intervalMs,
      grace_ms: graceOf(state.intervalMs, settings),
      missed: state.missed,
      silent_ms: at - since,
    },
  });
}

function whoActs({ state: { supervisor } }: Turn): string {
  return supervisor === null
    ? "Nothing was done by itself: no supervisor keeps this agent."
    : `Its supervisor on ${supervisor.host} has said nothing of it.`;
}

/** On the server, the verdict on a supervised agent is the supervisor's; it is waited for once. */
function awaitsSupervisor({ state, settings }: Turn): boolean {
  return !settings.keeps && state.supervisor !== null && !state.supervisor.lost && !state.supervisor.asked;
}

function announceShutdown(turn: Turn): void {
  const { state, settings, at } = turn;
  state.nextMissAt = null;
  if (state.state === "stopping" || state.state === "stopped") return;
  state.drainBy = at + settings.drainMs;
  changeState(turn, "stopping", "the agent announced its shutdown");
  record(turn, "shutdown-announced", `shutting down, expected to be done within ${spellDuration(settings.drainMs)}`);
  const silent = findIncident(state, "silent");
  if (silent) {
    resolveIncident(turn, "silent", {
      by: "itself",
      title: `beating again after ${spellDuration(at - silent.since)}, and shutting down`,
      text: "It answered with an announced shutdown.",
    });
  }
}

/** An announced shutdown that does not end. Announcing it again does not buy more time. */
export function overdueShutdown(turn: Turn): void {
  const { state, at, settings } = turn;
  if (state.drainBy === null || state.drainBy > at) return;
  const announcedAt = state.drainBy - settings.drainMs;
  state.drainBy = null;
  openIncident(turn, {
    kind: "shutdown-overdue",
    since: announcedAt,
    title: `still shutting down after ${spellDuration(at - announcedAt)}`,
    text: `It announced a shutdown and was expected to be done within ${spellDuration(settings.drainMs)}. The detectors are on again.${settings.keeps ? " It is being stopped now." : ""}`,
    numbers: { drain_ms: settings.drainMs },
  });
}

export function endOnPurpose(turn: Turn, why: string): void {
  const { state } = turn;
  state.nextMissAt = null;
  state.drainBy = null;
  state.lease = null;
  if (state.hold?.directive === "stop") state.hold = null;
  changeState(turn, "stopped", why);
  const done = { by: "itself", title: "stopped", text: `It is no longer running: ${why}.` } as const;
  for (const kind of ["silent", "shutdown-overdue"] as const) resolveIncident(turn, kind, done);
}

/** The agent's last words were not an announcement: a long-lived agent that just ends is news. */
function endedItself(turn: Turn): void {
  const announced = turn.state.state === "stopping" || turn.state.state === "stopped";
  endOnPurpose(turn, announced ? "the announced shutdown is done" : "the program ended");
  if (!announced && !turn.settings.keeps) openExited(turn);
}

/** @param said Its last words; null when there are none. */
export function openExited(turn: Turn, said: string | null = null): void {
  openIncident(turn, {
    kind: "exited",
    since: turn.at,
    title: "ended by itself without having announced it",
    text: `Its program ended with status 0 and never said that it was shutting down. A long-lived agent that just ends is unexpected; if this was meant, let it announce its shutdown.${said === null ? "" : ` Its last words: ${said}`}`,
  });
}

/** The watcher could not see from `from` to now: no deadline of that time is the agent's fault. */
export function loseSight(turn: Turn, from: Ms): void {
  const { state, settings, at } = turn;
  const gap = Math.max(0, at - from);
  const again = at + state.intervalMs + graceOf(state.intervalMs, settings);
  if (state.nextMissAt !== null) state.nextMissAt = Math.max(state.nextMissAt + gap, again);
  if (state.drainBy !== null) state.drainBy = Math.max(state.drainBy + gap, at + MINUTE);
  const { recovery } = state;
  if (recovery?.phase === "starting" && recovery.until !== null) {
    state.recovery = { ...recovery, until: Math.max(recovery.until + gap, again) };
  }
  record(turn, "sight-lost", `the watcher saw nothing for ${spellDuration(gap)}`, { from, to: at });
  // A process that is seen again is known to have lived; no beat would ever lead out of `unknown`.
  if (settings.liveness === "process") return;
  if (state.state === "up" || state.state === "late") changeState(turn, "unknown", "the watcher was blind");
}

function leaseOf(turn: Turn, beat: Beat): { until: Ms; reason: string | null } | null {
  if (beat.leaseMs === null || beat.leaseMs <= 0) return null;
  const until = turn.at + Math.min(beat.leaseMs, turn.settings.maxLeaseMs);
  record(
    turn,
    "lease-taken",
    `nothing expected for ${spellDuration(until - turn.at)}: ${beat.leaseReason ?? "no reason given"}`,
    {
      until,
      reason: beat.leaseReason,
    },
  );
  return { until, reason: beat.leaseReason };
}
