import { MINUTE, SECOND, type DurationMs } from "../../time.ts";
import { spellCount, spellDuration } from "../../spell.ts";
import type { DaySpan, HourFacts } from "../facts.ts";
import { splitByDay } from "../split-by-day.ts";
import type { Pattern } from "./pattern.ts";
import { spellDate, spellShare } from "./pattern-words.ts";
import { chanceOfRise, median, theilSenSlope, type Point } from "./statistics.ts";

/*
 * What grows a little each day: tokens per cycle, and the time a cycle takes. The detector compares a cycle with the fifty before
 * it and sees no slope of days. Here the daily medians are fitted with a line through their logarithms, so that the
 * slope is "per cent a week" at any size. It must be steep, and steady beyond chance; and a line must describe it
 * better than a step does, for what jumped once and stayed was told when it jumped.
 */

const fewestDays = 10;
const leastRisePerWeek = 0.2;
/**
 * For each agent and day: a fleet of 200 asks 6,000 times a month. With the steepness that is asked for as well, quiet months
 * stay quiet (`find-patterns.test.ts`).
 */
const mostChance = 5e-4;
/** A day with fewer says nothing about the agent. */
const fewestCyclesADay = 5;
/** Days at each end that are compared in words. */
const endDays = 3;

interface DayValue extends Point {
  readonly day: DaySpan;
  readonly value: number;
}

export function creepingTokens(days: readonly DaySpan[], hours: readonly HourFacts[]): Pattern | null {
  const rise = riseOf(
    dayValues(
      days,
      hours,
      ({ cycles }) => cycles,
      ({ tokens }) => tokens,
    ),
  );
  if (rise === null) return null;
  return {
    kind: "creep",
    title: `tokens per cycle creep up, ${rise.perWeek} a week`,
    evidence: [
      `about ${spellCount(Math.round(rise.before))} tokens a cycle around ${rise.start}, ${spellCount(Math.round(rise.after))} around ${rise.end}`,
      rise.sureness,
    ],
    next: "Look for what every cycle adds to and nothing takes away: a history that is never cut, results that stay in the prompt. Cut or summarise it. If this is the new normal, accept it as the baseline.",
    series: rise.series,
    unit: "tokens",
  };
}

export function slowerCycles(days: readonly DaySpan[], hours: readonly HourFacts[]): Pattern | null {
  const rise = riseOf(
    dayValues(
      days,
      hours,
      ({ timedCycles }) => timedCycles,
      ({ cycleMs }) => cycleMs,
    ),
  );
  if (rise === null) return null;
  return {
    kind: "slower-cycles",
    title: `cycles get slower, ${rise.perWeek} a week`,
    evidence: [
      `about ${spellLength(rise.before)} a cycle around ${rise.start}, ${spellLength(rise.after)} around ${rise.end}`,
      rise.sureness,
    ],
    next: "Find which step takes longer: a growing prompt, a file or table that is read whole each time, a provider that slows down. An interval that soon no longer holds a cycle will look like silence.",
    series: rise.series,
    unit: "ms",
  };
}

interface Rise {
  readonly perWeek: string;
  /** In how many days it was seen, and how likely that is by chance. */
  readonly sureness: string;
  readonly before: number;
  readonly after: number;
  readonly start: string;
  readonly end: string;
  readonly series: Pattern["series"];
}

function riseOf(values: readonly DayValue[]): Rise | null {
  const [first, last] = [values[0], values.at(-1)];
  if (values.length < fewestDays || !first || !last) return null;
  const slope = theilSenSlope(values);
  const perWeek = Math.exp(7 * slope) - 1;
  const chance = chanceOfRise(values.map(({ y }) => y));
  if (perWeek < leastRisePerWeek || chance > mostChance || isStep(values, slope)) return null;
  // More than one digit such a number is not worth, nor more than a million.
  const oneIn = Math.min(1_000_000, Number((1 / Math.max(chance, 1e-6)).toPrecision(1)));
  const level = (part: readonly DayValue[]): number => median(part.map(({ value }) => value));
  return {
    perWeek: spellShare(perWeek),
    sureness: `seen in the medians of ${values.length} days; by chance less than once in ${spellCount(oneIn)} times`,
    before: level(values.slice(0, endDays)),
    after: level(values.slice(-endDays)),
    start: spellDate(first.day.date),
    end: spellDate(last.day.date),
    series: values.map(({ day, value }) => ({ at: day.from, value })),
  };
}

/** True when two levels describe the values better than the line does. */
function isStep(values: readonly DayValue[], slope: number): boolean {
  const level = median(values.map(({ x, y }) => y - slope * x));
  const line = sum(values.map(({ x, y }) => Math.abs(y - slope * x - level)));
  const ys = values.map(({ y }) => y);
  const steps = ys.slice(1).map((_, index) => spreadOf(ys.slice(0, index + 1)) + spreadOf(ys.slice(index + 1)));
  return Math.min(...steps) < line;
}

function spreadOf(values: readonly number[]): number {
  const middle = median(values);
  return sum(values.map((value) => Math.abs(value - middle)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** The median over the hours of each day of "amount per cycle". */
function dayValues(
  days: readonly DaySpan[],
  hours: readonly HourFacts[],
  cyclesOf: (hour: HourFacts) => number,
  amountOf: (hour: HourFacts) => number,
): readonly DayValue[] {
  const byDay = splitByDay(days, hours);
  return days.flatMap((day, x) => {
    const used = (byDay[x] ?? []).filter((hour) => cyclesOf(hour) > 0);
    const value = median(used.map((hour) => amountOf(hour) / cyclesOf(hour)));
    if (sum(used.map(cyclesOf)) < fewestCyclesADay || !(value > 0)) return [];
    return [{ day, value, x, y: Math.log(value) }];
  });
}

function spellLength(ms: DurationMs): string {
  return ms < MINUTE ? `${(ms / SECOND).toFixed(ms < 10 * SECOND ? 1 : 0)} s` : spellDuration(ms);
}
