// Tokens per cycle against the agent's own baseline: one rule at three scales (1, 10 and 50 cycles), so that it sees a
// loop on its first dear cycle and a ramp of one percent a cycle alike. The simpler rule, "a cycle above ten times the
// mean of the last fifty", was measured and fails three ways: the runaway enters its own mean, so that the alarm clears
// itself after five cycles; growth under fifteen percent a cycle never trips it; and an agent that polls cheaply and
// acts dearly trips it all day. The three answers are here: an alarm freezes what it was judged by, three scales, and a
// long memory of what the agent has done before. docs/detection.md has the rule in words and the measurements.
//
//             not hot                         hot at 1 or 10            hot at 50
//   calm      learn (spike: learn, tell)      → runaway                 → drift
//   drift     3 calm → calm, forget           → runaway                 50 cycles → calm, learn them all
//   runaway   3 calm → calm, forget           stays                     stays
//             (a lone dear cycle is remembered as known, but kept out of the baseline)

import type { Alarm, ClosedAlarm } from "./alarm.ts";
import { acceptLevel, closeCalm, followAlarm, isAccepted, isCalm, openAlarm } from "./latch.ts";
import { acceptedAtLevel, append, largestSum, learnCycle, type KindHistory } from "./history.ts";
import { compare, isHot, meanBefore, readScale } from "./scale.ts";
import type { CostSettings, ScaleIndex } from "./settings.ts";
import type { CapReading, QuietReason, ScaleReading, Verdict } from "./verdict.ts";

export interface Judged {
  readonly history: KindHistory;
  readonly verdict: Verdict;
}

/**
 * Judges a cycle that has ended, and learns it unless it belongs to an incident. `tokens` is its whole use. With
 * `detect: false` (the agent is shutting down) a cycle is neither judged nor learned.
 */
export function judgeCycle(
  history: KindHistory,
  tokens: number,
  settings: CostSettings,
  { detect = true }: { readonly detect?: boolean } = {},
): Judged {
  if (!detect) return quiet(history, "off", settings);
  if (tokens <= 0) return quiet(history, "idle", settings);
  return history.alarm
    ? judgeInside(history, history.alarm, tokens, settings)
    : judgeOutside(history, tokens, settings, { ended: true });
}

/**
 * Judges a cycle that has not ended by what it has used so far, because a stuck cycle never ends. Only the scale of one
 * cycle can speak. Nothing is learned: that is left to the end of the cycle, which then counts as part of the alarm.
 */
export function judgeOpen(history: KindHistory, tokens: number, settings: CostSettings): Judged {
  if (tokens <= 0) return quiet(history, "idle", settings);
  const { alarm } = history;
  if (!alarm) return judgeOutside(history, tokens, settings, { ended: false });
  const seen = append(history, [...alarm.tail, tokens]);
  const hot = alarm.kind === "drift" ? hotterThanDrift(seen, history, alarm, [0], settings) : null;
  if (hot) return supersede(history, alarm, hot, { cycles: [], inOpenCycle: true }, settings);
  return continues(history, alarm, seen, settings, { inOpenCycle: true });
}

/** A person says that this is the new normal: the cycles of the open alarm become the history. Without one, nothing changes. */
export function acceptBaseline(history: KindHistory, settings: CostSettings): KindHistory {
  return history.alarm ? acceptLevel(history, history.alarm, settings) : history;
}

/** What a cycle is compared with, in tokens; frozen while an alarm is open, null during warm-up. */
export function baselineTokens(history: KindHistory, settings: CostSettings): number | null {
  if (history.alarm) return history.alarm.baseline;
  if (history.levelFrom === null && history.accepted < settings.warmUpCycles) return null;
  return meanBefore(history, 0, settings);
}

/** Tokens above which one cycle is a `spike` or opens `runaway`; null during warm-up. */
export function alarmTokens(history: KindHistory, settings: CostSettings): number | null {
  const baseline = baselineTokens(history, settings);
  return baseline === null ? null : Math.max(settings.scales[0].factor * baseline, settings.floorTokens);
}

function judgeOutside(
  history: KindHistory,
  tokens: number,
  settings: CostSettings,
  { ended }: { readonly ended: boolean },
): Judged {
  const learned = learnCycle(history, tokens, settings);
  const cycles = ended ? [tokens] : [];
  const one = readScale(learned, 0, settings);
  if (!one) {
    const cap = readCap(history, tokens, settings);
    if (cap) return open(history, { kind: "runaway", scale: 0, because: cap }, { cycles, ended }, settings);
    return quiet(ended ? learned : history, "warming-up", settings);
  }
  for (const [scale, kind] of ended ? allScales : firstScale) {
    const because = scale === 0 ? one : readScale(learned, scale, settings);
    if (because && isHot(because, settings))
      return open(history, { kind, scale, because }, { cycles, ended }, settings);
  }
  const { baseline } = one;
  // An open cycle's spike would be told twice; it waits for the cycle to end.
  if (ended && one.meanTokens > settings.scales[0].factor * baseline && tokens > settings.floorTokens)
    return { history: learned, verdict: { alarm: "spike", baseline, because: one, closed: null } };
  return {
    history: ended ? learned : history,
    verdict: { alarm: "none", reason: "usual", baseline, closed: null },
  };
}

const firstScale = [[0, "runaway"]] as const;
const allScales = [
  [0, "runaway"],
  [1, "runaway"],
  [2, "drift"],
] as const;

/** The absolute cap, for a history without a baseline. A level that a person has accepted may stand above it. */
function readCap(history: KindHistory, tokens: number, settings: CostSettings): CapReading | null {
  const known = history.levelFrom === null ? 0 : settings.novelty.young * largestSum(history, 0);
  const threshold = Math.max(settings.capTokens, known);
  return tokens > threshold ? { by: "cap", lastTokens: tokens, threshold } : null;
}

interface Hot {
  readonly kind: Alarm["kind"];
  readonly scale: ScaleIndex;
  readonly because: ScaleReading | CapReading;
}

function open(
  history: KindHistory,
  { kind, scale, because }: Hot,
  { cycles, ended }: { readonly cycles: readonly number[]; readonly ended: boolean },
  settings: CostSettings,
): Judged {
  const baseline = because.by === "scale" ? because.baseline : null;
  return {
    history: openAlarm(history, { kind, scale, because, cycles }, settings),
    verdict: { alarm: kind, change: "opened", inOpenCycle: !ended, baseline, because, closed: null },
  };
}

function judgeInside(history: KindHistory, alarm: Alarm, tokens: number, settings: CostSettings): Judged {
  const seen = append(history, [...alarm.tail, tokens]);
  const hot = alarm.kind === "drift" ? hotterThanDrift(seen, history, alarm, [0, 1], settings) : null;
  if (hot) return supersede(history, alarm, hot, { cycles: [tokens], inOpenCycle: false }, settings);
  const followed = followAlarm(alarm, tokens, seen, settings);
  if (isCalm(followed, settings)) return end(closeCalm(history, followed, settings), followed, "calm", settings);
  if (isAccepted(followed, settings))
    return end(acceptLevel(history, followed, settings), followed, "accepted", settings);
  return continues({ ...history, alarm: followed }, followed, seen, settings, { inOpenCycle: false });
}

/** While a drift is open, a loop on top of it must still page. Judged by what the drift froze. */
function hotterThanDrift(
  seen: KindHistory,
  frozen: KindHistory,
  alarm: Alarm,
  scales: readonly ScaleIndex[],
  settings: CostSettings,
): Hot | null {
  if (alarm.baseline === null) return null;
  const against = { baseline: alarm.baseline, acceptedBefore: acceptedAtLevel(frozen) };
  for (const scale of scales) {
    const because = compare(seen, scale, against, settings);
    if (isHot(because, settings)) return { kind: "runaway", scale, because };
  }
  return null;
}

function supersede(
  history: KindHistory,
  drift: Alarm,
  { kind, scale, because }: Hot,
  { cycles, inOpenCycle }: { readonly cycles: readonly number[]; readonly inOpenCycle: boolean },
  settings: CostSettings,
): Judged {
  const baseline = drift.baseline;
  return {
    history: openAlarm(history, { kind, scale, because, cycles, drift }, settings),
    verdict: {
      alarm: kind,
      change: "opened",
      inOpenCycle,
      baseline,
      because,
      closed: closedAlarm(drift, "superseded"),
    },
  };
}

function continues(
  history: KindHistory,
  alarm: Alarm,
  seen: KindHistory,
  settings: CostSettings,
  { inOpenCycle }: { readonly inOpenCycle: boolean },
): Judged {
  const { kind, scale, baseline } = alarm;
  const because: ScaleReading | CapReading =
    baseline === null
      ? { by: "cap", lastTokens: seen.recent.at(-1) ?? 0, threshold: alarm.dearTokens }
      : compare(seen, scale, { baseline, acceptedBefore: acceptedAtLevel(history) }, settings);
  return {
    history,
    verdict: { alarm: kind, change: "continues", inOpenCycle, baseline, because, closed: null },
  };
}

function end(history: KindHistory, alarm: Alarm, how: ClosedAlarm["how"], settings: CostSettings): Judged {
  const { baseline } = alarm;
  const reason = baselineTokens(history, settings) === null ? "warming-up" : "usual";
  return { history, verdict: { alarm: "none", reason, baseline, closed: closedAlarm(alarm, how) } };
}

function closedAlarm({ kind, cycles, baseline }: Alarm, how: ClosedAlarm["how"]): ClosedAlarm {
  return { kind, how, cycles, baseline };
}

function quiet(history: KindHistory, reason: QuietReason, settings: CostSettings): Judged {
  return {
    history,
    verdict: { alarm: "none", reason, baseline: baselineTokens(history, settings), closed: null },
  };
}
