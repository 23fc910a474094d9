import { BUDGET_PERIODS, spellTokens, spellUsd, type BudgetLimits } from "@midwatch/core";

/** "$5 a day, 200k tokens a cycle"; null when there is no limit. */
export function spellLimits(limits: BudgetLimits): string | null {
  const words = BUDGET_PERIODS.toReversed().flatMap((period) => {
    const [usd, tokens] = [limits[`usd_per_${period}`], limits[`tokens_per_${period}`]];
    const within = `${period === "hour" ? "an" : "a"} ${period}`;
    return [
      ...(usd === undefined ? [] : [`${spellUsd(usd)} ${within}`]),
      ...(tokens === undefined ? [] : [`${spellTokens(tokens)} ${within}`]),
    ];
  });
  return words.length === 0 ? null : words.join(", ");
}
