import { rollOver, standingsOf, type BudgetLimits, type BudgetState, type Ms } from "@midwatch/core";
import type { LimitView } from "@midwatch/protocol";
import { iso, usd } from "./time.ts";

/** How each limit of a budget stands, the tightest first. */
export function limitViews(
  spent: BudgetState,
  limits: BudgetLimits,
  given: { readonly now: Ms; readonly set: Readonly<Record<string, unknown>> },
): LimitView[] {
  return standingsOf(rollOver(spent, { at: given.now }), limits).map((standing) => {
    const { unit, period, level, until, unpricedTokens } = standing;
    const amount = (of: number): number => (unit === "usd" ? usd(of) : of);
    const name = `${unit}_per_${period}` as const;
    return {
      name,
      limit: amount(standing.limit),
      spent: amount(standing.spent),
      level,
      until: until === null ? null : iso(until),
      unpriced_tokens: unpricedTokens,
      set_by: Object.hasOwn(given.set, name) ? "operator" : "configuration",
    };
  });
}
