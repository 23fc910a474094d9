// Keeps one agent alive: when to start it again, when to wait, and when to stop trying and ask a human. The table of
// phases stands in recovery.ts. The policy counts attempts, not beats: a run that dies before its first beat is a
// failed attempt like any other, so no crash loop can slip under it. Two breakers stand over it: `maxRestarts` failed
// attempts in a row, and `maxRestartsPerDay` automatic restarts in 24 h, which ends the loop that crashes slowly.

import type { Exit } from "./event.ts";
import { changeState, endOnPurpose } from "./liveness.ts";
import { describeExit, openExitIncident, reportHung } from "./process-incidents.ts";
import { startupOf } from "./deadline.ts";
import { findIncident, openIncident, outageKinds, raiseMendable, resolveIncident } from "./incidents.ts";
import { idleRecovery, type Recovery, type RecoveryPhase } from "./recovery.ts";
import { spellDuration, spellOrdinal } from "./spell.ts";
import { DAY } from "./time.ts";
import { record, type Turn } from "./turn.ts";

/** sysexits.h EX_CONFIG: the program refuses its configuration; starting it again cannot help. */
const refusedConfiguration = 78;

function recoveryOf(turn: Turn): Recovery {
  return turn.state.recovery ?? { ...idleRecovery, of: turn.settings.restart.maxRestarts };
}

function enter(turn: Turn, phase: RecoveryPhase, change: Partial<Recovery>): void {
  const before = recoveryOf(turn);
  const recovery: Recovery = {
    ...before,
    until: null,
    then: null,
    ...change,
    phase,
    of: turn.settings.restart.maxRestarts,
  };
  turn.state.recovery = recovery;
  record(turn, "recovery-changed", `${before.phase} → ${phase}`, {
    phase,
    attempt: recovery.attempt,
    of: recovery.of,
    until: recovery.until,
  });
}

/** Starts the agent because a person (or the supervisor's own start) asked: the counter begins again at zero. */
export function startOnRequest(turn: Turn, by: string, reason: string | null): void {
  const { state, at } = turn;
  for (const kind of ["needs-human", "state-invalid"] as const) {
    resolveIncident(turn, kind, {
      by: "person",
      title: `${by} started it again`,
      text: "The restart counters begin anew.",
    });
  }
  if (state.state === "stopped" || state.state === "paused") changeState(turn, "down", `${by} asked for a start`);
  enter(turn, "starting", {
    attempt: 0,
    restarts: [],
    startedAt: at,
    reason,
  });
  if (reason !== null) record(turn, "restarted", `restarted: ${reason}`, { attempt: 0, by: "person", reason });
  turn.effects.push({ do: "start", at, attempt: 0, reason });
}

/** Starts what stands still, or sees to it that a stop under way is followed by a start. */
export function startKept(turn: Turn, by: string): void {
  const { recovery } = turn.state;
  const reason = `${by} asked for it`;
  // Its end is awaited; what was to stay down after it is not to any more.
  if (recovery?.phase === "stopping" && recovery.then === "stay") {
    turn.state.recovery = { ...recovery, then: "restart", reason };
  } else if (!isRunning(recovery)) startOnRequest(turn, by, recovery?.phase === "idle" ? null : reason);
}

/** Asks for the process to be stopped; what comes after its exit is decided now. */
export function stopProcess(
  turn: Turn,
  stop: {
    readonly why: "hung" | "command" | "budget" | "overdue";
    readonly then: "restart" | "stay";
    readonly reason: string;
    readonly kill?: boolean;
  },
): void {
  enter(turn, "stopping", { then: stop.then, reason: stop.reason });
  turn.state.nextMissAt = null;
  turn.effects.push({ do: "stop", at: turn.at, why: stop.why, kill: stop.kill ?? false });
}

export function isRunning(recovery: Recovery | null): boolean {
  const phase = recovery?.phase;
  return phase === "starting" || phase === "probation" || phase === "healthy" || phase === "stopping";
}

function isProven({ phase }: Recovery): boolean {
  return phase === "probation" || phase === "healthy";
}

export function onStarted(turn: Turn, runId: string, pid: number | null): void {
  const { state, settings, at } = turn;
  const recovery = recoveryOf(turn);
  record(turn, "started", pid === null ? "started" : `started as process ${pid}`, { run_id: runId, pid });
  resolveIncident(turn, "needs-human", {
    by: "itself",
    title: "could be started at last",
    text: "What kept it from being started has passed.",
  });
  if (!settings.keeps) return;
  // The deadline of the first beat runs from here: until now it may have had to wait.
  const until = at + startupOf(state.intervalMs, settings);
  state.recovery = { ...recovery, phase: "starting", runId, pid, startedAt: at, until };
  // Watched by its process alone, an agent is as well as it can be known to be once it runs.
  if (settings.liveness === "process") beganWell(turn);
}

/** The first beat of the run that was started last. */
export function onFirstSign(turn: Turn, runId: string | null): void {
  const { recovery, run } = turn.state;
  if (!turn.settings.keeps || recovery?.phase !== "starting") return;
  const isNew = turn.settings.namesRuns
    ? runId === recovery.runId
    : (run?.startedAt ?? turn.at) >= (recovery.startedAt ?? turn.at);
  if (runId === null || isNew) beganWell(turn);
}

function beganWell(turn: Turn): void {
  const { state, settings, at } = turn;
  const recovery = recoveryOf(turn);
  changeState(turn, "up", "it runs");
  if (recovery.attempt === 0) return becomeHealthy(turn);
  const until = at + Math.max(settings.restart.probationMs, 2 * state.intervalMs);
  enter(turn, "probation", { until });
}

function becomeHealthy(turn: Turn): void {
  enter(turn, "healthy", { attempt: 0, troubleSince: null });
  resolveAfterRestart(turn);
}

/** The attempt has proven itself: what it was made for is over, counted to the first beat of the new run. */
function resolveAfterRestart(turn: Turn): void {
  const { state, at } = turn;
  resolveIncident(turn, "state-invalid", {
    by: "restart",
    title: "its new state holds",
    text: "It has stayed healthy since.",
  });
  const backAt = state.run?.startedAt ?? at;
  for (const kind of outageKinds) {
    const incident = findIncident(state, kind);
    if (!incident) continue;
    const endedAt = backAt > incident.since ? backAt : at;
    const outage = spellDuration(endedAt - incident.since);
    resolveIncident(turn, kind, {
      by: "restart",
      endedAt,
      title: `running again after ${outage}`,
      text: `The outage lasted ${outage}. The supervisor restarted it, and it has stayed healthy since.`,
    });
  }
}

/** Why a process ended, and what that means. */
export function onExited(turn: Turn, runId: string, exit: Exit): void {
  const { state, settings } = turn;
  const recovery = recoveryOf(turn);
  // Without a run it ended before it was ever started, while it waited for that.
  const isOther = recovery.runId !== null && recovery.runId !== runId;
  if (settings.keeps && (isOther || !isRunning(recovery))) return;
  const how = describeExit(exit);
  record(turn, "exited", how, {
    run_id: runId,
    code: exit.code,
    signal: exit.signal,
    oom: exit.oom?.confidence ?? null,
    stopped_for: exit.stoppedFor,
  });
  state.nextMissAt = null;
  state.drainBy = null;
  const announced = state.state === "stopping" || state.state === "stopped";
  if (exit.stoppedFor === "hung") return retry(turn, "it hung and was stopped");
  if (exit.stoppedFor !== null) return stoppedForReason(turn, exit.stoppedFor);
  if (announced && exit.code === 0) {
    endOnPurpose(turn, "the announced shutdown is done");
    if (settings.keeps) enter(turn, "stopped", { reason: "it announced its shutdown and ended", pid: null });
    return;
  }
  changeState(turn, "down", how);
  if (exit.code === refusedConfiguration) {
    return giveUp(turn, "it refused its configuration (exit status 78); starting it again cannot help");
  }
  openExitIncident(turn, exit, how);
  const failed = exit.code !== 0;
  if (settings.restart.restart === "never" || (settings.restart.restart === "on-failure" && !failed)) {
    if (settings.keeps) enter(turn, "stopped", { reason: `${how}; its settings say not to restart it`, pid: null });
    return;
  }
  retry(turn, how);
}

function stoppedForReason(turn: Turn, why: "command" | "budget" | "shutdown" | "overdue"): void {
  const { state, settings } = turn;
  const { then, reason } = recoveryOf(turn);
  if (settings.keeps && then === "restart") return startOnRequest(turn, "a person", reason ?? "asked for");
  endOnPurpose(turn, why === "shutdown" ? "the supervisor is shutting down" : (reason ?? `stopped by ${why}`));
  if (state.hold?.directive === "pause") changeState(turn, "paused", state.hold.reason);
  if (settings.keeps) enter(turn, "stopped", { pid: null });
}

/** The process lives and its loop does not turn. */
export function onHung(turn: Turn): void {
  const { state, at, settings } = turn;
  const recovery = recoveryOf(turn);
  const started = recovery.phase === "starting";
  const since = started ? (recovery.startedAt ?? at) : (state.lastBeatAt ?? at);
  reportHung(turn, since, started);
  if (settings.restart.restart === "never") {
    // Told once; its deadline is over and would be over at every look.
    state.recovery = { ...recovery, until: null };
    return;
  }
  stopProcess(turn, { why: "hung", then: "restart", reason: started ? "no first beat in time" : "it hung" });
}

export function onStartRefused(turn: Turn, reason: string): void {
  record(turn, "start-refused", reason, {});
  changeState(turn, "down", reason);
  giveUp(turn, `it could not be started: ${reason}`);
}

/**
 * It cannot be started now, for a reason that is none of its own and may pass: no memory, a daemon that is away. That is tried
 * again and no attempt; but when it takes longer than a start may, a human hears of it.
 */
export function onStartDelayed(turn: Turn, reason: string): void {
  const { state, settings, at } = turn;
  const since = recoveryOf(turn).startedAt ?? at;
  if (at - since < startupOf(state.intervalMs, settings)) return;
  openIncident(turn, {
    kind: "needs-human",
    since,
    title: `has not been started for ${spellDuration(at - since)}: ${reason}`,
    text: "It is tried again every few seconds, and starts by itself once that has passed.",
  });
}

/** A restart is due, unless a breaker says that it is not. */
function retry(turn: Turn, why: string): void {
  const { settings, at } = turn;
  changeState(turn, "down", why);
  if (!settings.keeps) return;
  const { maxRestarts, maxRestartsPerDay, cooldownMs } = settings.restart;
  const recovery = recoveryOf(turn);
  const troubleSince = recovery.troubleSince ?? at;
  const restarts = recovery.restarts.filter((restart) => restart > at - DAY);
  turn.state.recovery = { ...recovery, restarts, troubleSince, pid: null };
  if (recovery.attempt >= maxRestarts) {
    return giveUp(turn, `${maxRestarts} restarts in a row have failed; the last time: ${why}`);
  }
  if (restarts.length >= maxRestartsPerDay) {
    return giveUp(
      turn,
      `the ${spellOrdinal(restarts.length + 1)} automatic restart within 24 h was refused; this time: ${why}`,
    );
  }
  if (recovery.attempt > 0) raiseMendable(turn, `Restart ${recovery.attempt} of ${maxRestarts} has failed.`);
  const due = recovery.attempt === 0 ? at : Math.max(at, (recovery.startedAt ?? at) + cooldownMs);
  if (due <= at) return attempt(turn, why);
  enter(turn, "cooldown", { until: due, reason: why });
}

function attempt(turn: Turn, why: string): void {
  const { settings, at } = turn;
  const recovery = recoveryOf(turn);
  const number = recovery.attempt + 1;
  enter(turn, "starting", {
    attempt: number,
    restarts: [...recovery.restarts, at],
    startedAt: at,
    reason: why,
  });
  record(turn, "restarted", `restart ${number} of ${settings.restart.maxRestarts}: ${why}`, {
    attempt: number,
    by: "supervisor",
    reason: why,
  });
  turn.effects.push({ do: "start", at, attempt: number, reason: why });
}

/** No more automatic restarts; sticky until a person acts. */
export function giveUp(turn: Turn, why: string): void {
  if (turn.settings.keeps) enter(turn, "exhausted", { reason: why, pid: null });
  askHuman(turn, why);
}

/** Opens `needs-human`; on the server, when the supervisor reports that it has given up. */
function askHuman(turn: Turn, why: string): void {
  raiseMendable(turn, "No automatic restart is left.");
  // Nothing runs that could beat: its silence is no news on top of this.
  turn.state.nextMissAt = null;
  // The incident of its state says the same and has woken somebody already.
  if (findIncident(turn.state, "state-invalid")?.numbers["action"] === "stopped") return;
  const since = turn.state.recovery?.troubleSince ?? turn.at;
  openIncident(turn, {
    kind: "needs-human",
    since,
    title: `needs you: ${why}`,
    text: `It will not be restarted again by itself. Find the cause in its output and its last incidents, then run \`midwatch restart ${turn.state.name}\`.`,
    numbers: { attempts: turn.state.recovery?.attempt ?? 0 },
  });
}

/** Deadlines of the policy: startup, cooldown, probation. */
export function recoveryDue(turn: Turn): void {
  const recovery = turn.state.recovery;
  if (!turn.settings.keeps || !recovery?.until || recovery.until > turn.at) return;
  if (recovery.phase === "starting") onHung(turn);
  else if (recovery.phase === "cooldown") attempt(turn, recovery.reason ?? "the cooldown is over");
  else if (recovery.phase === "probation") becomeHealthy(turn);
}

/** What the supervisor tells of its recovery; the server follows it and never decides a restart itself. */
export function followRecovery(turn: Turn, recovery: Recovery): void {
  const { state } = turn;
  const before = state.recovery;
  state.recovery = recovery;
  const changed = before?.phase !== recovery.phase || before.attempt !== recovery.attempt;
  if (!changed) return;
  // No beat will ever say so where only the process is watched.
  if (turn.settings.liveness === "process" && isProven(recovery)) changeState(turn, "up", "it runs");
  record(turn, "recovery-changed", `${before?.phase ?? "unknown"} → ${recovery.phase}`, {
    phase: recovery.phase,
    attempt: recovery.attempt,
    of: recovery.of,
    until: recovery.until,
  });
  if (recovery.phase === "starting" && recovery.attempt > 0 && before?.attempt !== recovery.attempt) {
    record(
      turn,
      "restarted",
      `restart ${recovery.attempt} of ${recovery.of}: ${recovery.reason ?? "no reason given"}`,
      {
        attempt: recovery.attempt,
        by: "supervisor",
        reason: recovery.reason,
      },
    );
  }
  if (recovery.phase === "cooldown") raiseMendable(turn, `Restart ${recovery.attempt} of ${recovery.of} has failed.`);
  if (recovery.phase === "healthy") resolveAfterRestart(turn);
  if (recovery.phase === "exhausted") askHuman(turn, recovery.reason ?? "its restarts have failed");
  else {
    resolveIncident(turn, "needs-human", { by: "person", title: "someone acted", text: "The supervisor tries again." });
  }
}
