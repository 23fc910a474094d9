import { DAY } from "../time.ts";
import type { AgentFacts, HourFacts, ReportFacts } from "./facts.ts";

/** What was used, and how it compares. Money is integer micro-dollars. */
export interface UsageSum {
  readonly tokens: number;
  readonly cycles: number;
  readonly maxCycleTokens: number;
  /** Null when something was used and nothing of it has a price: unpriced is not free. */
  readonly costUsdMicros: number | null;
  /** Beats that used tokens and have no price; their cost is missing from the sum. */
  readonly unpricedBeats: number;
}

export interface PeriodCost extends UsageSum {
  readonly tokensPerCycle: number | null;
  readonly costUsdMicrosPerCycle: number | null;
  readonly baseline: number | null;
  /** Tokens per cycle as a multiple of the baseline. */
  readonly timesBaseline: number | null;
  readonly before: UsualCost | null;
  /** Tokens, and cost, per cycle as a multiple of the days before. */
  readonly timesBefore: number | null;
  readonly costTimesBefore: number | null;
  /** `unclear`: too few cycles, or nothing to compare with. */
  readonly left: "no" | "above" | "below" | "unclear";
}

/** The days before, as one ordinary day. */
export interface UsualCost {
  /** Of these, days on which the agent used anything. */
  readonly days: number;
  readonly tokensPerDay: number;
  readonly tokensPerCycle: number;
  readonly costUsdMicrosPerDay: number | null;
  readonly costUsdMicrosPerCycle: number | null;
}

/** A day's mean has left what is usual above this multiple of it, or below its inverse: the factor at which a `drift` closes. */
const leftFactor = 1.5;
/** A mean of fewer cycles says little. The detector waits for as many. */
const fewestCycles = 10;

export function periodCost(
  { hours, beforeHours, baseline }: AgentFacts,
  period: Pick<ReportFacts, "from" | "beforeDays">,
): PeriodCost {
  const used = sumHours(hours);
  const tokensPerCycle = per(used.tokens, used.cycles);
  const costUsdMicrosPerCycle = per(used.costUsdMicros, used.cycles);
  const before = usualCost(beforeHours, period);
  const timesBaseline = per(tokensPerCycle, baseline);
  const timesBefore = per(tokensPerCycle, before?.tokensPerCycle ?? null);
  const costTimesBefore = per(costUsdMicrosPerCycle, before?.costUsdMicrosPerCycle ?? null);
  const compared = [timesBaseline ?? timesBefore, costTimesBefore].filter((times) => times !== null);
  return {
    ...used,
    tokensPerCycle,
    costUsdMicrosPerCycle,
    baseline,
    timesBaseline,
    before,
    timesBefore,
    costTimesBefore,
    left: used.cycles < fewestCycles ? "unclear" : verdict(compared),
  };
}

export function sumHours(hours: readonly HourFacts[]): UsageSum {
  let [tokens, cycles, maxCycleTokens, micros, unpricedBeats] = [0, 0, 0, 0, 0];
  for (const hour of hours) {
    tokens += hour.tokens;
    cycles += hour.cycles;
    maxCycleTokens = Math.max(maxCycleTokens, hour.maxCycleTokens);
    micros += hour.costUsdMicros;
    unpricedBeats += hour.unpricedBeats;
  }
  return {
    tokens,
    cycles,
    maxCycleTokens,
    costUsdMicros: unpricedBeats > 0 && micros === 0 ? null : micros,
    unpricedBeats,
  };
}

function usualCost(
  hours: readonly HourFacts[],
  { from, beforeDays }: Pick<ReportFacts, "from" | "beforeDays">,
): UsualCost | null {
  const used = sumHours(hours);
  const lastDays = new Set(
    hours.filter(({ tokens }) => tokens > 0).map(({ hour }) => Math.floor((from - 1 - hour) / DAY)),
  );
  // The hour that a clock change adds is no day of its own.
  const days = Math.min(lastDays.size, beforeDays);
  const tokensPerCycle = per(used.tokens, used.cycles);
  if (days === 0 || tokensPerCycle === null) return null;
  return {
    days,
    tokensPerDay: used.tokens / days,
    tokensPerCycle,
    costUsdMicrosPerDay: per(used.costUsdMicros, days),
    costUsdMicrosPerCycle: per(used.costUsdMicros, used.cycles),
  };
}

function verdict(times: readonly number[]): PeriodCost["left"] {
  if (times.length === 0) return "unclear";
  if (times.some((one) => one > leftFactor)) return "above";
  return times.some((one) => one < 1 / leftFactor) ? "below" : "no";
}

function per(amount: number | null, by: number | null): number | null {
  return amount === null || by === null || by <= 0 ? null : amount / by;
}
