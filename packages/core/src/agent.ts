import { emptyCostState } from "./cost/state.ts";
import { emptyBudgetState } from "./budget.ts";
import { startupOf } from "./deadline.ts";
import { emptyMetering } from "./metering.ts";
import { idleRecovery } from "./recovery.ts";
import { emptyRepetition } from "./repetition.ts";
import type { AgentSettings } from "./settings.ts";
import type { AgentState } from "./state.ts";
import type { Ms } from "./time.ts";

/**
 * An agent the watcher has just heard of, before its first beat. One that is known only by what it spends may never beat:
 * with `awaited: false` no beat is missed before the first.
 */
export function newAgent(
  name: string,
  at: Ms,
  settings: AgentSettings,
  { awaited = true }: { readonly awaited?: boolean } = {},
): AgentState {
  const intervalMs = settings.intervalMs ?? settings.assumedIntervalMs;
  return {
    v: 1,
    name,
    firstSeenAt: at,
    now: at,
    state: "new",
    since: at,
    lastBeatAt: null,
    lastStatus: null,
    lastMessage: null,
    missed: 0,
    // Where the supervisor starts the agent itself, the startup deadline runs from that start.
    nextMissAt:
      !awaited || settings.keeps || settings.liveness === "process" ? null : at + startupOf(intervalMs, settings),
    intervalMs,
    intervalSource: settings.intervalMs === null ? "assumed" : "set",
    lease: null,
    drainBy: null,
    errorStreak: 0,
    skewMs: null,
    progress: null,
    progressAge: 0,
    run: null,
    earlierRuns: [],
    bodies: [],
    turnsAt: null,
    beatsTotal: 0,
    tokensTotal: 0,
    costUsdMicrosTotal: 0,
    cost: emptyCostState,
    ...laterParts,
    hold: null,
    recovery: settings.keeps ? { ...idleRecovery, of: settings.restart.maxRestarts } : null,
    supervisor: null,
    incidents: [],
  };
}

/** Parts that states of an earlier Midwatch lack. */
const laterParts = {
  metering: emptyMetering,
  budget: emptyBudgetState,
  budgetReviewAt: null,
  repetition: emptyRepetition,
};

/** A state as it was stored, by this Midwatch or an earlier one, made whole. */
export function wholeState(stored: AgentState): AgentState {
  return { ...laterParts, ...stored, cost: { ...emptyCostState, ...stored.cost } };
}
