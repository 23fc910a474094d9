// Most of an agent's state by size is the long cost history, which stays the same object for dozens of beats. It is
// kept in a table of its own and rewritten only when it is another object than the one that was stored.

import type { AgentState } from "@midwatch/core";

type Kinds = AgentState["cost"]["kinds"];
type Long = Kinds[string]["long"];

/** By cycle kind. */
export type LongParts = Readonly<Record<string, Long>>;

export function longOf(state: AgentState): LongParts {
  return mapKinds(state.cost.kinds, (kind) => kind.long);
}

/** Whether the long parts are the very objects they were; nothing is built to tell, for every beat asks. */
export function sameLong(before: AgentState | null, after: AgentState): boolean {
  const a = before?.cost.kinds ?? {};
  const b = after.cost.kinds;
  if (a === b) return true;
  const names = Object.keys(a);
  const isSame = (name: string): boolean => Object.hasOwn(b, name) && a[name]?.long === b[name]?.long;
  return names.length === Object.keys(b).length && names.every(isSame);
}

/** The state as its own column holds it: `JSON.stringify` leaves out what is undefined. */
export function withoutLong(state: AgentState): unknown {
  const kinds = mapKinds(state.cost.kinds, (kind) => ({ ...kind, long: undefined }));
  return { ...state, cost: { ...state.cost, kinds } };
}

export function joinLong(hot: AgentState, parts: LongParts): AgentState {
  const kinds = mapKinds(hot.cost.kinds, (kind, name) => ({ ...kind, long: parts[name] ?? kind.long }));
  return { ...hot, cost: { ...hot.cost, kinds } };
}

/** `fromEntries` defines properties instead of assigning them, so a kind named `__proto__` is a name like any other. */
function mapKinds<T>(kinds: Kinds, map: (kind: Kinds[string], name: string) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, map(kind, name)]));
}
