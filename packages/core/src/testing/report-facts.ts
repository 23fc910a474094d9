import type { HistoryEntry, HistoryKind } from "../effect.ts";
import type { AgentDayFacts, DayFacts, HourFacts, IncidentFact } from "../report/facts.ts";
import type { LivenessState } from "../state.ts";
import { DAY, HOUR, MINUTE, type Ms } from "../time.ts";

/** Midnight of the day that the tables tell of; times in them are hours of that day. */
export const midnight: Ms = Date.UTC(2026, 10, 24);

export function at(hours: number, minutes = 0): Ms {
  return midnight + hours * HOUR + minutes * MINUTE;
}

export function day(agents: readonly AgentDayFacts[], more: Partial<DayFacts> = {}): DayFacts {
  return {
    date: "2026-11-24",
    zone: "UTC",
    from: midnight,
    to: midnight + DAY,
    madeAt: midnight + DAY + 8 * HOUR,
    agents,
    ...more,
  };
}

/** An agent that was up before the day began, and about which nothing else is known. */
export function agent(more: Partial<AgentDayFacts> = {}): AgentDayFacts {
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
    weekHours: [],
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
    ...more,
  };
}
