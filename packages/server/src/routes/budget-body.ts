import { BUDGET_PERIODS, BUDGET_UNITS, type BudgetLimits, type LimitName } from "@midwatch/core";
import { Type } from "typebox";

/** 10^12 tokens or 10^9 dollars: beyond any honest budget. */
const mostTokens = 1_000_000_000_000;
const mostDollars = 1_000_000_000;

const limits = BUDGET_PERIODS.flatMap((period) =>
  BUDGET_UNITS.map((unit) => [`${unit}_per_${period}` as const, unit] as const),
);

/** Limits as an operator sets them: dollars or tokens; null goes back to what would hold without. */
export const BudgetBody = Type.Object(
  Object.fromEntries(
    limits.map(([name, unit]) => [
      name,
      Type.Optional(
        Type.Union([
          unit === "usd"
            ? Type.Number({ exclusiveMinimum: 0, maximum: mostDollars, description: "US dollars" })
            : Type.Integer({ minimum: 1, maximum: mostTokens, description: "Tokens" }),
          Type.Null(),
        ]),
      ),
    ]),
  ),
  { additionalProperties: false },
);

type Given = Readonly<Partial<Record<string, number | null>>>;

/** The limits of a body in the units of the rules; null stays null. */
export function limitsOf(body: Given): Readonly<Record<string, number | null>> {
  const entries = limits.flatMap(([name, unit]) => {
    const value = body[name];
    if (value === undefined) return [];
    return [[name, value === null || unit === "tokens" ? value : Math.round(value * 1e6)] as const];
  });
  return Object.fromEntries(entries);
}

/** Limits as the API shows them. */
export function wireLimits(budget: BudgetLimits): Partial<Record<LimitName, number>> {
  const entries = limits.flatMap(([name, unit]) => {
    const value = budget[name];
    return value === undefined ? [] : [[name, unit === "usd" ? value / 1e6 : value] as const];
  });
  return Object.fromEntries(entries);
}

/** Limits with some replaced; null takes one away. */
export function mergedLimits(before: BudgetLimits, body: Given): BudgetLimits {
  const changed: Readonly<Record<string, number | null>> = { ...before, ...limitsOf(body) };
  const merged = Object.entries(changed).filter((limit): limit is [string, number] => limit[1] !== null);
  return Object.fromEntries(merged);
}
