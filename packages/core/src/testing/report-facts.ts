import type { HistoryEntry, HistoryKind } from "../effect.ts";
import type { AgentFacts, DaySpan, HourFacts, IncidentFact, ReportFacts } from "../report/facts.ts";
import { noSlowFacts, slowDayCount } from "../report/patterns/slow-facts.ts";
import type { LivenessState } from "../state.ts";
import { DAY, HOUR, MINUTE, type Ms } from "../time.ts";

/** Midnight of the day that the tables tell of; times in them are hours of that day. */
export const midnight: Ms = Date.UTC(2026, 10, 24);

export function at(hours: number, minutes = 0): Ms {
  return midnight + hours * HOUR + minutes * MINUTE;
}

export function day(agents: readonly AgentFacts[], more: Partial<ReportFacts> = {}): ReportFacts {
  return {
    period: "day",
    date: "2026-11-24",
    zone: "UTC",
    from: midnight,
    to: midnight + DAY,
    madeAt: midnight + DAY + 8 * HOUR,
    days: daysUpTo(midnight, 1),
    slowDays: daysUpTo(midnight, slowDayCount),
    beforeDays: 7,
    agents,
    ...more,
  };
}

/** So many days of UTC, the last of which begins at `last`. */
export function daysUpTo(last: Ms, count: number): readonly DaySpan[] {
  return Array.from({ length: count }, (_, index) => {
    const from = last - (count - 1 - index) * DAY;
    return { date: new Date(from).toISOString().slice(0, 10), from, to: from + DAY };
  });
}

/** An agent that was up before the day began, and about which nothing else is known. */
export function agent(more: Partial<AgentFacts> = {}): AgentFacts {
  return {
    name: "bot",
    firstSeenAt: midnight - 10 * DAY,
    liveness: "beats",
    atStart: { state: "up", since: midnight - DAY, why: "it beats" },
    history: [],
    incidents: [],
    blind: [],
    covered: [],
    mending: false,
    hours: [],
    beforeHours: [],
    models: [],
    slow: noSlowFacts,
    baseline: null,
    ...more,
  };
}

export function entry(time: Ms, kind: HistoryKind, data: HistoryEntry["data"] = {}, text = ""): HistoryEntry {
  return { at: time, kind, text, data };
}

export function change(time: Ms, to: LivenessState, why = "because"): HistoryEntry {
  return entry(time, "state-changed", { from: "?", to }, `? → ${to}: ${why}`);
}

export function incident(
  more: Partial<IncidentFact> & Pick<IncidentFact, "kind" | "since" | "openedAt">,
): IncidentFact {
  const shown = { id: 1, severity: "page", title: more.kind, text: "", acknowledged: false } as const;
  return { ...shown, resolvedAt: null, resolvedBy: null, ...more };
}

export function hour(hours: number, cycles: number, tokensPerCycle: number, more: Partial<HourFacts> = {}): HourFacts {
  const tokens = cycles * tokensPerCycle;
  return {
    hour: at(hours),
    cycles,
    tokens,
    maxCycleTokens: tokensPerCycle,
    costUsdMicros: tokens,
    unpricedBeats: 0,
    timedCycles: 0,
    cycleMs: 0,
    maxMemoryBytes: null,
    ...more,
  };
}
