import { BUDGET_PERIODS, BUDGET_UNITS, type BudgetLimits, type LimitName } from "@midwatch/core";
import { MAX_COUNT, type Fields } from "./fields.ts";

/** Limits as they are written and sent: tokens as whole numbers, US dollars with their cents. Both are more than 0. */
export type WireLimits = { [Name in LimitName]?: number };

export const LIMIT_NAMES: readonly LimitName[] = BUDGET_PERIODS.flatMap((period) =>
  BUDGET_UNITS.map((unit): LimitName => `${unit}_per_${period}`),
);

export function limitsToWire(limits: BudgetLimits): WireLimits {
  return converted(limits, (micros) => micros / 1e6);
}

export function limitsFromWire(limits: WireLimits): BudgetLimits {
  return converted(limits, (usd) => Math.round(usd * 1e6));
}

/** Reads limits that somebody sent. What a newer sender limits besides is left out, as with every field that is not known. */
export function readLimits(fields: Fields, value: unknown, path: string): WireLimits | null {
  const given = fields.object(value, path);
  if (given === null) return null;
  const limits: WireLimits = {};
  for (const name of LIMIT_NAMES) {
    const at = `${path}.${name}`;
    const limit = isMoney(name)
      ? fields.number(given[name], at, { min: 0.000_001, max: 1_000_000_000 })
      : fields.number(given[name], at, { min: 1, max: MAX_COUNT });
    if (limit === null) continue;
    if (isMoney(name) || Number.isInteger(limit)) limits[name] = limit;
    else fields.fault(at, `must be a whole number, not ${limit}`);
  }
  return limits;
}

function isMoney(name: LimitName): boolean {
  return name.startsWith("usd_");
}

function converted(limits: BudgetLimits, money: (limit: number) => number): WireLimits {
  const result: WireLimits = {};
  for (const name of LIMIT_NAMES) {
    const limit = limits[name];
    if (limit !== undefined) result[name] = isMoney(name) ? money(limit) : limit;
  }
  return result;
}
