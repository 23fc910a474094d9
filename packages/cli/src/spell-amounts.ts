import { spellAmount, type BudgetUnit } from "@midwatch/core";

/** Dollars or tokens as people read them: "$4.20", "12,345 tokens". */
export function spellAmountOf(unit: BudgetUnit, amount: number): string {
  return spellAmount(unit, unit === "usd" ? Math.round(amount * 1e6) : amount);
}
