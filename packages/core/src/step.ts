// The fold of one agent: (state, event, settings) → (state, effects). Pure, and the same on the server and in the
// supervisor; only `settings.keeps` tells them apart. Each event has one function here that reads as its story, and
// the rules stand in the files it calls.

import type { Beat } from "./beat.ts";
import { nothingSpent, type Spend } from "./budget.ts";
import { forgiveCycle, holdForBudget, releaseForBudget, reviewBudget, spendBudget } from "./budget-incidents.ts";
import { acceptBaselines, endCycle, endMinute, endOpenCycle, isJudged, judgeCost } from "./cost-incidents.ts";
import type { CycleRecord, Effect } from "./effect.ts";
import type { AgentEvent, CommandName } from "./event.ts";
import { judgeClock, judgeErrors, judgeProgress, judgeTurns } from "./health.ts";
import { onEvidenceTaken } from "./evidence.ts";
import { acknowledgeIncident, findIncident, openIncident, resolveIncident } from "./incidents.ts";
import { unreachable } from "./invariant.ts";
import {
  applyBeat,
  changeState,
  goSilent,
  loseSight,
  missBeats,
  overdueShutdown,
  resumeWatching,
  updateInterval,
} from "./liveness.ts";
import {
  followRecovery,
  isRunning,
  onExited,
  onFirstSign,
  onHung,
  onStarted,
  onStartDelayed,
  onStartRefused,
  recoveryDue,
  startKept,
  startOnRequest,
  stopProcess,
} from "./restart-policy.ts";
import { reportHung } from "./process-incidents.ts";
import { onStateInvalid } from "./state-incidents.ts";
import { ofNewRun } from "./metering.ts";
import { judgeRepetition } from "./repetition-incidents.ts";
import { placeBeat, type BeatPlace } from "./runs.ts";
import type { AgentSettings } from "./settings.ts";
import { spellDuration } from "./spell.ts";
import type { AgentState } from "./state.ts";
import { minuteEnd } from "./deadline.ts";
import type { Ms } from "./time.ts";
import { beginTurn, record, type Turn } from "./turn.ts";
import { countBeat, isMeteredOutside, nothingUsed, onUsage } from "./usage.ts";

export interface StepResult {
  readonly state: AgentState;
  readonly effects: readonly Effect[];
  /** For a beat: whether it counted, and the cycle it closed. */
  readonly beat: BeatOutcome | null;
  /** For metered calls: whether each was counted, in order. */
  readonly counted: readonly boolean[];
  /** What was counted as spent. */
  readonly spend: Spend;
}

export interface BeatOutcome {
  readonly place: BeatPlace;
  readonly cycle: CycleRecord | null;
  /** What of it was counted: nothing where another source tells of the same usage. */
  readonly spend: Spend;
}

/** Decides what one event means for one agent. `event.at` never runs ahead of the caller's clock. */
export function step(before: AgentState, event: AgentEvent, settings: AgentSettings): StepResult {
  const turn = beginTurn(before, event.at, settings);
  const beat = event.type === "beat" ? onBeat(turn, event) : null;
  const used = event.type === "usage" ? onUsage(turn, event) : nothingUsed;
  if (event.type !== "beat" && event.type !== "usage") onOther(turn, event);
  return { state: turn.state, effects: turn.effects, beat, counted: used.counted, spend: beat?.spend ?? used.spend };
}

function onBeat(turn: Turn, event: Extract<AgentEvent, { type: "beat" }>): BeatOutcome {
  const { state } = turn;
  const { beat } = event;
  const isFirst = state.beatsTotal === 0;
  const runBefore = state.run?.runId;
  const place = placeBeat(turn, beat.runId, event.identity);
  if (place === "duplicate") return { place, cycle: null, spend: nothingSpent };
  state.beatsTotal += 1;
  const isNewRun = state.run?.runId !== runBefore;
  if (isNewRun) state.metering = ofNewRun(state.metering, state.lastBeatAt);
  const spend = countBeat(turn, event);
  judgeTurns(turn);
  if (place === "late") {
    spendBudget(turn, spend, event.at);
    return { place, cycle: null, spend };
  }
  if (isFirst) record(turn, "registered", "its first beat came", {});
  updateInterval(turn, beat);
  applyBeat(turn, beat);
  if (showsLife(beat)) onFirstSign(turn, beat.runId);
  judgeErrors(turn, beat);
  judgeClock(turn, beat, event.spooled);
  judgeProgress(turn, beat);
  if (isNewRun) endOpenCycle(turn);
  const cycle = judgeCost(turn, beat, spend.tokens);
  judgeRepetition(turn, { tools: isMeteredOutside(turn) ? [] : beat.tools, promptHash: null }, isJudged(turn));
  spendBudget(turn, spend, event.at);
  if (cycle) endCycle(turn);
  return { place, cycle, spend };
}

/** Everything but a last word says that the loop has begun to turn. */
function showsLife({ status }: Beat): boolean {
  return status !== "stopped" && status !== "exited" && status !== "shutting_down";
}

function onOther(turn: Turn, event: Exclude<AgentEvent, { type: "beat" | "usage" }>): void {
  switch (event.type) {
    case "tick":
      return onTick(turn);
    case "sight-lost":
      return loseSight(turn, event.from);
    case "started":
      return onStarted(turn, event.runId, event.pid);
    case "start-refused":
      return onStartRefused(turn, event.reason);
    case "start-delayed":
      return onStartDelayed(turn, event.reason);
    case "exited":
      return onExited(turn, event.runId, event.exit);
    case "state-invalid":
      return onStateInvalid(turn, event);
    case "hung":
      return reportHung(turn, event.lastBeatAt ?? turn.state.lastBeatAt ?? turn.at, event.lastBeatAt === null);
    case "evidence-taken":
      return onEvidenceTaken(turn, event);
    case "recovery-reported":
      return followRecovery(turn, event.recovery);
    case "supervisor-seen":
      return onSupervisorSeen(turn, event.supervisor, event.host);
    case "supervisor-lost":
      return onSupervisorLost(turn, event.heardAt);
    case "budget-held":
      return holdForBudget(turn, event);
    case "budget-released":
      return releaseForBudget(turn, event.budget);
    case "settings-changed":
      return reviewBudget(turn, "person");
    case "command":
      return onCommand(turn, event.command, event.by);
    case "acknowledged":
      return acknowledgeIncident(turn, event.kind, event.by);
    default:
      return unreachable(event);
  }
}

function onTick(turn: Turn): void {
  const { settings, state } = turn;
  if (missBeats(turn)) {
    if (settings.keeps && isRunning(state.recovery)) onHung(turn);
    else goSilent(turn);
  }
  recoveryDue(turn);
  if ((minuteEnd(state) ?? Infinity) <= turn.at) endMinute(turn);
  if ((state.budgetReviewAt ?? Infinity) <= turn.at) reviewBudget(turn);
  const overdue = findIncident(state, "shutdown-overdue") === undefined;
  overdueShutdown(turn);
  if (overdue && findIncident(state, "shutdown-overdue") && settings.keeps && isRunning(state.recovery)) {
    stopProcess(turn, { why: "overdue", then: "stay", reason: "its announced shutdown did not end" });
  }
}

function onSupervisorSeen(turn: Turn, id: string, host: string): void {
  const { state, at } = turn;
  state.supervisor = { id, host, seenAt: at, lost: false, asked: false };
  resolveIncident(turn, "supervisor-lost", {
    by: "itself",
    title: `its supervisor on ${host} is back`,
    text: "What it saw in the meantime is being delivered.",
  });
}

function onSupervisorLost(turn: Turn, heardAt: Ms): void {
  const { state, at } = turn;
  if (!state.supervisor || state.supervisor.lost) return;
  const { host } = state.supervisor;
  state.supervisor = { ...state.supervisor, seenAt: heardAt, lost: true };
  openIncident(turn, {
    kind: "supervisor-lost",
    since: heardAt,
    title: `its supervisor on ${host} has not been heard for ${spellDuration(at - heardAt)}`,
    text: "While it is away nothing restarts this agent, and its silence is judged here. Check the host and the supervisor's process.",
  });
}

function onCommand(turn: Turn, command: CommandName, by: string): void {
  const { state, settings } = turn;
  record(turn, "commanded", `${by}: ${command}`, { command, by });
  switch (command) {
    case "accept-baseline":
      return acceptBaselines(turn, by);
    case "pause":
      return hold(turn, by, "pause");
    case "stop":
    case "kill":
      return settings.keeps ? stopKept(turn, by, command === "kill") : hold(turn, by, "stop");
    case "start":
    case "resume":
      return release(turn, by);
    case "restart":
      // The supervisor starts it again; here it is only let go.
      if (!settings.keeps) return release(turn, by);
      state.hold = null;
      if (!isRunning(state.recovery)) return startOnRequest(turn, by, `${by} asked for a restart`);
      return stopProcess(turn, { why: "command", then: "restart", reason: `${by} asked for a restart` });
    default:
      return unreachable(command);
  }
}

function hold(turn: Turn, by: string, directive: "pause" | "stop"): void {
  const { state, settings, at } = turn;
  const reason = directive === "pause" ? `paused by ${by}` : `${by} asked it to stop`;
  state.hold = { by: "person", directive, who: by, reason, at };
  if (directive === "stop") return;
  state.nextMissAt = null;
  changeState(turn, "paused", reason);
  if (!settings.keeps) return;
  if (isRunning(state.recovery)) return stopProcess(turn, { why: "command", then: "stay", reason });
  // Nothing runs, but a cooldown may be about to start it.
  if (state.recovery?.phase === "cooldown")
    state.recovery = { ...state.recovery, phase: "stopped", until: null, reason };
}

function stopKept(turn: Turn, by: string, kill: boolean): void {
  const { state } = turn;
  if (isRunning(state.recovery))
    return stopProcess(turn, { why: "command", then: "stay", reason: `stopped by ${by}`, kill });
  // Nothing runs, but a cooldown may be about to start it.
  if (state.recovery) state.recovery = { ...state.recovery, phase: "stopped", until: null, reason: `stopped by ${by}` };
  changeState(turn, "stopped", `stopped by ${by}`);
}

function release(turn: Turn, by: string): void {
  const { state, settings } = turn;
  const held = state.hold !== null;
  state.hold = null;
  if (settings.keeps) return startKept(turn, by);
  if (!held) return;
  forgiveCycle(turn);
  resumeWatching(turn, `resumed by ${by}`);
  // What a budget holds, a person cannot resume past it.
  reviewBudget(turn, "person");
}
