import { spellCount } from "../spell.ts";
import type { ClosedAlarm } from "./alarm.ts";
import type { CapReading, ScaleReading, Verdict } from "./verdict.ts";

/** A verdict for people and machines, in the shape of an incident. */
export interface Explanation {
  readonly title: string;
  readonly text: string;
  readonly numbers: Readonly<Record<string, number | string>>;
}

/** Says in words and numbers why a cycle is (or is not) news. `usual` verdicts are explained too, for the curious. */
export function explainVerdict(verdict: Verdict): Explanation {
  switch (verdict.alarm) {
    case "none":
      return { ...quietWords[verdict.reason], numbers: numbersOf({ baseline: verdict.baseline }) };
    case "spike":
      return {
        title: `spike: ${amount(verdict.because)}`,
        text: `It has spent as much before (up to ${perCycle(verdict.because.largestBefore)}), so this is only noted.`,
        numbers: readingNumbers(verdict.because),
      };
    case "runaway":
    case "drift":
      return {
        title: `${verdict.alarm === "runaway" ? "possible loop" : "drift"}: ${amount(verdict.because, verdict.inOpenCycle)}`,
        text: `${comparison(verdict.because)} ${whatNow[verdict.alarm]}`,
        numbers: readingNumbers(verdict.because),
      };
  }
}

/** Says how an alarm ended, for the notice of its end. */
export function explainClosed(closed: ClosedAlarm): Explanation {
  const name = closed.kind === "runaway" ? "the possible loop" : "the drift";
  const usual = closed.baseline === null ? "" : ` (${perCycle(closed.baseline)})`;
  const lasted = `${spellCount(closed.cycles)} ${closed.cycles === 1 ? "cycle" : "cycles"}`;
  const numbers = numbersOf({ cycles: closed.cycles, baseline: closed.baseline });
  switch (closed.how) {
    case "calm":
      return {
        title: `${name} is over: back to the usual cost`,
        text: `It lasted ${lasted}. The last three were near the usual again${usual}.`,
        numbers,
      };
    case "accepted":
      return {
        title: `${name} is the new normal`,
        text: `It has stayed at this cost for ${lasted}; from here on it is compared with them, no longer with what was usual before${usual}.`,
        numbers,
      };
    case "superseded":
      return {
        title: `${name} has become a possible loop`,
        text: `After ${lasted} above the usual${usual} the cost rose further.`,
        numbers,
      };
  }
}

const quietWords = {
  idle: { title: "idle", text: "The cycle used no tokens and is not counted." },
  off: { title: "not judged", text: "The agent is shutting down, where a burst of calls is expected." },
  "warming-up": { title: "warming up", text: "There is no baseline yet; only the absolute cap is watched." },
  usual: { title: "as usual", text: "The cost is in line with the cycles before." },
} as const;

const whatNow = {
  runaway:
    "Look at what it is doing; stop it if it is a loop. If this is what it should cost from now on, accept it as the new normal.",
  drift:
    "It becomes the new normal by itself after 50 such cycles; accept it earlier if it is wanted, or look for what grows.",
} as const;

function amount(because: ScaleReading | CapReading, inOpenCycle = false): string {
  const cycle = inOpenCycle ? "a cycle that has not ended" : "one cycle";
  if (because.by === "cap")
    return `${spellCount(because.lastTokens)} tokens in ${cycle}, above the cap of ${spellCount(because.threshold)}`;
  const usual = `${ratio(because.ratio)} × the usual ${spellCount(because.baseline)}`;
  if (because.cycles === 1) return `${spellCount(because.meanTokens)} tokens in ${cycle}, ${usual}`;
  return `${spellCount(because.meanTokens)} tokens a cycle over the last ${because.cycles} cycles, ${usual}`;
}

function comparison(because: ScaleReading | CapReading): string {
  if (because.by === "cap") return "There are too few cycles for a baseline yet, so the absolute cap decides.";
  const what = because.cycles === 1 ? "cycle" : `${because.cycles} cycles in a row`;
  const before =
    because.largestBefore > 0
      ? `The dearest ${what} before came to ${perCycle(because.largestBefore)}`
      : `It has no earlier ${what} to compare with`;
  return `${before}; the alarm is at ${perCycle(because.threshold)}.`;
}

function readingNumbers(because: ScaleReading | CapReading): Explanation["numbers"] {
  if (because.by === "cap") return numbersOf({ last_tokens: because.lastTokens, cap_tokens: because.threshold });
  return numbersOf({
    scale_cycles: because.cycles,
    last_tokens: because.lastTokens,
    mean_tokens: because.meanTokens,
    baseline: because.baseline,
    ratio: because.ratio,
    largest_before: because.largestBefore,
    threshold: because.threshold,
  });
}

/** Rounded to a hundredth; what is not known is left out. */
function numbersOf(numbers: Readonly<Record<string, number | null>>): Explanation["numbers"] {
  return Object.fromEntries(
    Object.entries(numbers).flatMap(([name, value]) =>
      value === null ? [] : [[name, Math.round(value * 100) / 100] as const],
    ),
  );
}

function perCycle(tokens: number): string {
  return `${spellCount(tokens)} tokens a cycle`;
}

function ratio(value: number): string {
  return value < 20 ? String(Math.round(value * 10) / 10) : spellCount(value);
}
