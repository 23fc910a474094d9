import type { Effect, HistoryKind } from "./effect.ts";
import type { AgentSettings } from "./settings.ts";
import type { AgentState } from "./state.ts";
import type { Ms } from "./time.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * One fold in progress. `state` is a private shallow copy: the rules assign its fields and never touch what a field
 * refers to, so the state that came in stays as it was.
 */
export interface Turn {
  readonly state: Mutable<AgentState>;
  readonly effects: Effect[];
  readonly settings: AgentSettings;
  /** The event's own time. */
  readonly at: Ms;
}

export function beginTurn(state: AgentState, at: Ms, settings: AgentSettings): Turn {
  return { state: { ...state, now: Math.max(state.now, at) }, effects: [], settings, at };
}

export function record(
  turn: Turn,
  kind: HistoryKind,
  text: string,
  data: Readonly<Record<string, number | string | boolean | null>> = {},
): void {
  turn.effects.push({ do: "record", entry: { at: turn.at, kind, text, data } });
}
