export const BUDGET_UNITS = ["tokens", "usd"] as const;
export const BUDGET_PERIODS = ["cycle", "hour", "day", "month"] as const;
export type BudgetUnit = (typeof BUDGET_UNITS)[number];
export type BudgetPeriod = (typeof BUDGET_PERIODS)[number];
/** The wire name of a limit: `usd_per_day`. */
export type LimitName = `${BudgetUnit}_per_${BudgetPeriod}`;
/** By name: tokens as an integer, US dollars as integer micro-dollars. */
export type BudgetLimits = Readonly<Partial<Record<LimitName, number>>>;
