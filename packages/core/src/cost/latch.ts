// Opens, follows and ends an alarm. The cycles of a hot scale belong to the incident, so opening takes those already
// learned back out of the history: a ramp must not leave its foot in the baseline, and after the incident the history
// stands where it stood before the trouble.

import type { Alarm } from "./alarm.ts";
import { learnCycle, rememberSums, sumBack, unlearn, type KindHistory } from "./history.ts";
import type { CostSettings, ScaleIndex } from "./settings.ts";
import type { CapReading, ScaleReading } from "./verdict.ts";

export interface Opening {
  readonly kind: Alarm["kind"];
  readonly scale: ScaleIndex;
  readonly because: ScaleReading | CapReading;
  /** The cycle that opens it, or none when that has not ended. */
  readonly cycles: readonly number[];
  /** The drift that it takes the place of. */
  readonly drift?: Alarm;
}

export function openAlarm(history: KindHistory, opening: Opening, settings: CostSettings): KindHistory {
  const { kind, scale, because, cycles, drift } = opening;
  const { cycles: span, closeFactor } = settings.scales[scale];
  const taken = drift ? { history, cycles: drift.tail } : unlearn(history, span - 1);
  const baseline = because.by === "scale" ? because.baseline : null;
  const dearTokens = baseline === null ? because.threshold : settings.scales[0].factor * baseline;
  const alarm: Alarm = {
    kind,
    by: because.by,
    scale,
    baseline,
    calmTokens: baseline === null ? because.threshold : closeFactor * baseline,
    dearTokens,
    openedTokens: because.lastTokens,
    cycles: cycles.length,
    calm: 0,
    dear: cycles.filter((tokens) => tokens > dearTokens),
    tail: [...taken.cycles, ...cycles].slice(-settings.acceptCycles),
  };
  return { ...taken.history, alarm };
}

/** The alarm after one more cycle; `seen` is the history with all its cycles and that one. */
export function followAlarm(alarm: Alarm, tokens: number, seen: KindHistory, settings: CostSettings): Alarm {
  const span = Math.min(settings.scales[alarm.scale].cycles, settings.scales[1].cycles);
  const isDear = tokens > alarm.dearTokens && alarm.dear.length <= settings.loneCycles;
  return {
    ...alarm,
    cycles: alarm.cycles + 1,
    calm: sumBack(seen, 0, span) / span <= alarm.calmTokens ? alarm.calm + 1 : 0,
    dear: isDear ? [...alarm.dear, tokens] : alarm.dear,
    tail: [...alarm.tail, tokens].slice(-settings.acceptCycles),
  };
}

export function isCalm(alarm: Alarm, settings: CostSettings): boolean {
  return alarm.calm >= settings.calmCycles;
}

export function isAccepted({ kind, cycles }: Alarm, settings: CostSettings): boolean {
  return kind === "drift" && cycles >= settings.acceptCycles;
}

/** Ends the alarm and forgets its cycles, so that the same runaway pages again; a lone dear cycle becomes known. */
export function closeCalm(history: KindHistory, alarm: Alarm, settings: CostSettings): KindHistory {
  const closed = { ...history, alarm: null };
  const isLone = alarm.scale === 0 && alarm.dear.length <= settings.loneCycles;
  return isLone ? rememberLone(closed, alarm.dear, settings) : closed;
}

/** The alarm's cycles become the history: a level of its own, with what was known before still known. */
export function acceptLevel(history: KindHistory, alarm: Alarm, settings: CostSettings): KindHistory {
  const level: KindHistory = { ...history, alarm: null, levelFrom: history.accepted };
  const learned = alarm.tail.reduce((known, tokens) => learnCycle(known, tokens, settings), level);
  return rememberSums(learned, [alarm.openedTokens, 0, 0]);
}

/** Known as it would have come: beside the cycles before it. It never enters the baseline. */
function rememberLone(history: KindHistory, dear: readonly number[], settings: CostSettings): KindHistory {
  const together = dear.reduce((sum, tokens) => sum + tokens, 0);
  const beside = (scale: ScaleIndex) => together + sumBack(history, 0, settings.scales[scale].cycles - dear.length);
  return rememberSums(history, [Math.max(0, ...dear), beside(1), beside(2)]);
}
