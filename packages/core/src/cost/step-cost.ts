// Puts the tokens of beats together into cycles and hands each to the history of its kind. A beat without a cycle
// number is a cycle of its own; beats with the same number belong to one cycle, which ends with the beat that says so or
// with the first beat of another.

import { MINUTE, type Ms } from "../time.ts";
import { emptyHistory, type KindHistory } from "./history.ts";
import { acceptBaseline, judgeCycle, judgeOpen } from "./judge.ts";
import type { CostSettings } from "./settings.ts";
import type { CostState } from "./state.ts";
import type { Verdict } from "./verdict.ts";

/** What a beat says of cost. */
export interface CycleUse {
  /** Null when the agent names no kinds. */
  readonly kind: string | null;
  /** Null when the agent does not number its cycles. */
  readonly cycle: number | null;
  /** Used since the beat before. */
  readonly tokens: number;
  /** This beat ends its cycle. Without a cycle number it always does. */
  readonly closes: boolean;
  /** False while the agent is shutting down: nothing is judged, nothing learned. */
  readonly detect: boolean;
}

/** One judgement: of a cycle that has ended, or of one that has not by what it has used so far. */
export interface JudgedCycle {
  readonly kind: string;
  readonly tokens: number;
  readonly ended: boolean;
  readonly verdict: Verdict;
}

export interface CostStep {
  readonly state: CostState;
  /** None, one, or two: the first beat of a cycle may end the one before. In order. */
  readonly judged: readonly JudgedCycle[];
}

/** Kinds with a history of their own. */
export const maxKinds = 8;
/** The history that further kinds share. */
const otherKinds = "*";

export function stepCost(state: CostState, use: CycleUse, settings: CostSettings): CostStep {
  const { cycle, tokens, detect } = use;
  // A sign of life without number and tokens says nothing about any cycle.
  if (cycle === null && tokens === 0) return { state, judged: [] };
  if (!detect) return { state: { ...state, open: null, metered: 0 }, judged: [] };
  if (state.open && state.open.cycle !== cycle) {
    const before = closeOpenCycle(state, settings);
    const after = stepCost(before.state, use, settings);
    return { state: after.state, judged: [...before.judged, ...after.judged] };
  }
  const total = (state.open?.tokens ?? 0) + tokens;
  const kind = use.kind ?? state.open?.kind ?? "";
  if (cycle === null || use.closes)
    return judge({ ...state, open: null }, { kind, tokens: total, ended: true }, settings);
  return judge({ ...state, open: { cycle, kind, tokens: total } }, { kind, tokens: total, ended: false }, settings);
}

/** Ends the open cycle, if there is one, with what it has used: its run is over, or a new cycle has begun. */
export function closeOpenCycle(state: CostState, settings: CostSettings): CostStep {
  const kinds = Object.keys(state.kinds);
  const kind = state.open?.kind ?? (kinds.length > 1 ? null : (kinds[0] ?? ""));
  const tokens = (state.open?.tokens ?? 0) + state.metered;
  const closed = { ...state, open: null, metered: 0 };
  // Of what kind a cycle was that never beat is not known; it is not forced on one of several.
  if (kind === null || (!state.open && tokens === 0)) return { state: closed, judged: [] };
  return judge(closed, { kind, tokens, ended: true }, settings);
}

/**
 * Adds what was metered from outside to the cycle that runs, and judges it so far. While its kind is not known it is news
 * only if it would be for each kind the agent has.
 */
export function meterCycle(state: CostState, tokens: number, settings: CostSettings): CostStep {
  const next: CostState = { ...state, metered: state.metered + tokens };
  const sum = (state.open?.tokens ?? 0) + next.metered;
  const kinds = state.open ? [state.open.kind] : Object.keys(state.kinds);
  const steps = (kinds.length === 0 ? [""] : kinds).map((kind) =>
    judge(next, { kind, tokens: sum, ended: false }, settings),
  );
  const [only, ...more] = steps;
  if (only && more.length === 0) return only;
  if (!steps.every(opensRunaway)) return { state: next, judged: [] };
  return steps.toSorted((a, b) => alarmedAt(b) - alarmedAt(a))[0] ?? { state: next, judged: [] };
}

/** The same for an agent that never beats: there a cycle is a minute, by the time the call ended. */
export function meterMinute(
  state: CostState,
  { tokens, at }: { readonly tokens: number; readonly at: Ms },
  settings: CostSettings,
): CostStep {
  const from = at - (at % MINUTE);
  if (state.minute && from > state.minute.from) {
    const before = closeMinute(state, settings);
    const after = meterMinute(before.state, { tokens, at }, settings);
    return { state: after.state, judged: [...before.judged, ...after.judged] };
  }
  // What comes late is part of the minute that runs: the one it belongs to has been judged.
  const minute = { from: state.minute?.from ?? from, tokens: (state.minute?.tokens ?? 0) + tokens };
  return judge({ ...state, minute }, { kind: "", tokens: minute.tokens, ended: false }, settings);
}

/** Ends the minute that runs, if there is one. */
export function closeMinute(state: CostState, settings: CostSettings): CostStep {
  if (!state.minute) return { state, judged: [] };
  return judge({ ...state, minute: null }, { kind: "", tokens: state.minute.tokens, ended: true }, settings);
}

/** A person accepts the present cost: the open alarms of all kinds end, and their cycles become the history. */
export function acceptCost(state: CostState, settings: CostSettings): CostState {
  const kinds = Object.entries(state.kinds).map(
    ([kind, history]) => [kind, acceptBaseline(history, settings)] as const,
  );
  return { ...state, kinds: Object.fromEntries(kinds) };
}

/** The kinds of cycle with an open alarm: an agent's incident lasts until the last of them is over. */
export function kindsInAlarm(state: CostState, alarm: "runaway" | "drift"): readonly string[] {
  return Object.keys(state.kinds).filter((kind) => state.kinds[kind]?.alarm?.kind === alarm);
}

/** The history that a kind of cycle is judged by. */
export function historyOf(state: CostState, kind: string | null): KindHistory {
  const key = keyOf(state, kind ?? "");
  return (Object.hasOwn(state.kinds, key) ? state.kinds[key] : undefined) ?? emptyHistory();
}

function opensRunaway({ judged }: CostStep): boolean {
  return judged.every(({ verdict }) => verdict.alarm === "runaway" && verdict.change === "opened");
}

function alarmedAt({ judged: [judged] }: CostStep): number {
  return judged?.verdict.alarm === "runaway" ? judged.verdict.because.threshold : 0;
}

function judge(
  state: CostState,
  { kind, tokens, ended }: { readonly kind: string; readonly tokens: number; readonly ended: boolean },
  settings: CostSettings,
): CostStep {
  const before = historyOf(state, kind);
  const { history, verdict } = ended ? judgeCycle(before, tokens, settings) : judgeOpen(before, tokens, settings);
  const judged = [{ kind, tokens, ended, verdict }];
  if (history === before) return { state, judged };
  return { state: { ...state, kinds: { ...state.kinds, [keyOf(state, kind)]: history } }, judged };
}

function keyOf({ kinds }: CostState, kind: string): string {
  return Object.hasOwn(kinds, kind) || Object.keys(kinds).length < maxKinds ? kind : otherKinds;
}
