import type { LimitView } from "./api-types.ts";
import { spellCount, spellUsd } from "./spell-number.ts";

/** "Budget a day". */
export function limitName({ name }: LimitView): string {
  const period = name.slice(name.lastIndexOf("_") + 1);
  return `Budget ${period === "hour" ? "an" : "a"} ${period}`;
}

/** "$4.02 of $5.00, 80 %: at 100 % it is paused". The state is in the words, not only in a colour. */
export function spellLimit({ name, limit, spent, level, unpriced_tokens: unpriced }: LimitView): string {
  const isUsd = name.startsWith("usd");
  const amount = (of: number): string => (isUsd ? spellUsd(of) : `${spellCount(of)} tokens`);
  const part = `${Math.floor((100 * spent) / limit)} %`;
  const what = level === "exceeded" ? ": spent, it is paused" : level === "near" ? ": at 100 % it is paused" : "";
  const blind = isUsd && unpriced > 0 ? `; ${spellCount(unpriced)} tokens without a price are not in this` : "";
  return `${amount(spent)} of ${amount(limit)}, ${part}${what}${blind}`;
}
