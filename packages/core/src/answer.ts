import { findIncident } from "./incidents.ts";
import type { AgentSettings } from "./settings.ts";
import type { AgentState } from "./state.ts";
import { graceOf } from "./deadline.ts";
import type { Ms } from "./time.ts";

/** What an agent is told in the answer to its beat. */
export interface Answer {
  readonly directive: "continue" | "pause" | "stop";
  /** Why it should pause or stop, or why it is warned, in words; null when there is nothing to say. */
  readonly reason: string | null;
  readonly warning: "loop_detected" | "cost_exceeded" | null;
  /** When the next beat is expected, grace excluded; null when none is. */
  readonly nextBeatBy: Ms | null;
}

export function answerFor(state: AgentState, settings: AgentSettings): Answer {
  const loop = findIncident(state, "runaway") ?? findIncident(state, "repetition");
  const runaway = settings.detector === "shadow" ? undefined : loop;
  const budget = findIncident(state, "budget-exceeded");
  const isSpent = budget !== undefined || state.hold?.by === "budget";
  const graceMs = graceOf(state.intervalMs, settings);
  return {
    directive: state.hold?.directive ?? "continue",
    reason: state.hold?.reason ?? runaway?.title ?? budget?.title ?? null,
    warning: runaway ? "loop_detected" : isSpent ? "cost_exceeded" : null,
    nextBeatBy: state.nextMissAt === null || state.missed > 0 ? null : state.nextMissAt - graceMs,
  };
}
