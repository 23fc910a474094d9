import type { AgentSettings } from "./settings.ts";
import type { AgentState } from "./state.ts";
import { MINUTE, SECOND, type DurationMs, type Ms } from "./time.ts";

/** How long after its time a beat still counts as in time: 10 % of the interval, at least 1 s, at most 30 s. */
export function graceOf(intervalMs: DurationMs, settings: AgentSettings): DurationMs {
  return settings.graceMs ?? Math.min(30 * SECOND, Math.max(SECOND, Math.round(intervalMs / 10)));
}

/** When the first beat after `lastBeatAt` will have been missed. A lease delays it, and never brings it forward. */
export function firstMissAt(
  lastBeatAt: Ms,
  leaseUntil: Ms | null,
  intervalMs: DurationMs,
  settings: AgentSettings,
): Ms {
  return Math.max(lastBeatAt + intervalMs, leaseUntil ?? 0) + graceOf(intervalMs, settings);
}

/** How long a new run has until its first beat: the startup setting, at least two intervals and the grace. */
export function startupOf(intervalMs: DurationMs, settings: AgentSettings): DurationMs {
  return Math.max(settings.startupMs, 2 * intervalMs + graceOf(intervalMs, settings));
}

/**
 * The earliest time at which a `tick` would decide something; null when only an event can. The one answer to "when
 * must someone look at this agent again?".
 */
export function nextDeadline(state: AgentState, settings: AgentSettings): Ms | null {
  const due = [
    state.nextMissAt,
    state.drainBy,
    state.budgetReviewAt,
    minuteEnd(state),
    settings.keeps ? (state.recovery?.until ?? null) : null,
  ];
  let earliest: Ms | null = null;
  for (const at of due) if (at !== null && (earliest === null || at < earliest)) earliest = at;
  return earliest;
}

/** Telemetry lags: a minute is judged when what belongs to it has had time to arrive. Metrics come once a minute. */
const minuteGraceMs = 90 * SECOND;

/** When the running minute of an agent that never beats can be judged. */
export function minuteEnd({ cost: { minute } }: AgentState): Ms | null {
  return minute === null ? null : minute.from + MINUTE + minuteGraceMs;
}
