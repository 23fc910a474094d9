// What may be spent, what was, and what follows. A budget is a handful of limits, each over one period; the same functions
// keep an agent's own budget and one that several agents share.
//
// | spent of a limit | follows |
// |---|---|
// | 80 % | a warning, once a period |
// | 100 % | the pause, until the period ends, the limit is raised, or (for a cycle) a person resumes |
//
// Spending is counted whether or not there is a limit, so that one set in the middle of a day knows the morning.

import { BUDGET_PERIODS, BUDGET_UNITS, type BudgetLimits, type BudgetPeriod, type BudgetUnit } from "./budget-limit.ts";
import type { Calendar } from "./calendar.ts";
import { spellCount, spellUsd } from "./spell.ts";
import type { Ms } from "./time.ts";

/** Tokens and money together. */
export interface Spend {
  readonly tokens: number;
  readonly costUsdMicros: number;
  /** Of the tokens, those without a price: a budget in dollars does not see them. */
  readonly unpricedTokens: number;
}

export interface PeriodSpend extends Spend {
  readonly from: Ms;
  readonly to: Ms;
}

export interface BudgetState {
  /** Of the cycle that runs. */
  readonly cycle: Spend;
  /** Null until something was spent. */
  readonly hour: PeriodSpend | null;
  readonly day: PeriodSpend | null;
  readonly month: PeriodSpend | null;
}

export const nothingSpent: Spend = { tokens: 0, costUsdMicros: 0, unpricedTokens: 0 };
export const emptyBudgetState: BudgetState = { cycle: nothingSpent, hour: null, day: null, month: null };

/** From this part of a limit on it is a warning. */
const warnAt = 0.8;
const calendarPeriods = ["hour", "day", "month"] as const;

/** How one limit stands. Tokens, or micro-dollars. */
export interface LimitStanding {
  readonly unit: BudgetUnit;
  readonly period: BudgetPeriod;
  readonly limit: number;
  readonly spent: number;
  readonly unpricedTokens: number;
  /** When the period ends; null for a cycle. */
  readonly until: Ms | null;
  readonly level: "within" | "near" | "exceeded";
}

/** What was spent, with `spend` added to each period it falls in. What was spent in a period that is over is in none. */
export function addSpend(
  state: BudgetState,
  spend: Spend,
  when: { readonly at: Ms; readonly calendar: Calendar },
): BudgetState {
  const current = rollOver(state, when);
  const put = (period: "hour" | "day" | "month"): PeriodSpend => {
    const open = current[period] ?? { ...nothingSpent, ...when.calendar(period, when.at) };
    return when.at < open.from ? open : { ...open, ...addUp(open, spend) };
  };
  return { cycle: addUp(current.cycle, spend), hour: put("hour"), day: put("day"), month: put("month") };
}

/** Drops periods that are over. The same object when none is. */
export function rollOver(state: BudgetState, { at }: { readonly at: Ms }): BudgetState {
  if (calendarPeriods.every((period) => (state[period]?.to ?? Infinity) > at)) return state;
  const open = (spent: PeriodSpend | null): PeriodSpend | null => (spent !== null && spent.to > at ? spent : null);
  return { cycle: state.cycle, hour: open(state.hour), day: open(state.day), month: open(state.month) };
}

/** Every limit and how it stands, the tightest first. */
export function standingsOf(state: BudgetState, limits: BudgetLimits): readonly LimitStanding[] {
  const standings: LimitStanding[] = [];
  for (const period of BUDGET_PERIODS) {
    for (const unit of BUDGET_UNITS) {
      const limit = limits[`${unit}_per_${period}`];
      if (limit === undefined) continue;
      const of = state[period] ?? nothingSpent;
      const spent = unit === "tokens" ? of.tokens : of.costUsdMicros;
      const level = spent >= limit ? "exceeded" : spent >= warnAt * limit ? "near" : "within";
      const until = period === "cycle" ? null : (state[period]?.to ?? null);
      standings.push({ unit, period, limit, spent, unpricedTokens: of.unpricedTokens, until, level });
    }
  }
  return standings.toSorted((a, b) => b.spent / b.limit - a.spent / a.limit);
}

/** When a hold over these limits ends by itself: when the last period is over; null when a person has to end it. */
export function endOfHold(exceeded: readonly LimitStanding[]): Ms | null {
  let last: Ms | null = 0;
  for (const { until } of exceeded) last = last === null || until === null ? null : Math.max(last, until);
  return last;
}

/** "$5 a day", "200,000 tokens a cycle". */
export function spellLimit({ unit, period, limit }: Pick<LimitStanding, "unit" | "period" | "limit">): string {
  return `${spellAmount(unit, limit)} ${period === "hour" ? "an" : "a"} ${period}`;
}

/** "$4.02", "12,345 tokens". */
export function spellAmount(unit: BudgetUnit, amount: number): string {
  return unit === "tokens" ? `${spellCount(amount)} tokens` : spellUsd(amount);
}

/** Both together. */
export function addUp(a: Spend, b: Spend): Spend {
  return {
    tokens: a.tokens + b.tokens,
    costUsdMicros: a.costUsdMicros + b.costUsdMicros,
    unpricedTokens: a.unpricedTokens + b.unpricedTokens,
  };
}
