// The tables that ship with @pydantic/genai-prices: no network, a new version of the package is a new version of the prices. The
// library finds a model by trying thousands of patterns and validates its prices anew with every call, some 30 µs; so a model is
// looked up once, and what is kept is its entry, not a price: which of its prices holds depends on the moment, and its tier on the size.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { calcPrice, type ConditionalPrice, type ModelInfo, type ModelPrice } from "@pydantic/genai-prices";
import { isOwnDeployment, namesToTry, type ModelName } from "./model-name.ts";
import type { Tariff } from "./tariff.ts";
import type { Rate, TokenRates } from "./token-rates.ts";

const packageName = "@pydantic/genai-prices";
const daySeconds = 86_400;

/** `genai-prices 0.1.8`, as the installed package says. */
export const shippedVersion = `genai-prices ${installedVersion()}`;

/** Null: the tables don't know it. */
export function shippedTariff(name: ModelName): Tariff | null {
  for (const { provider, model } of namesToTry(name)) {
    const found = findModel(provider, model);
    if (found === null) continue;
    if (isOwnDeployment(name.model) && !isOwnDeployment(found.id)) return null;
    return tariffOf(found);
  }
  return null;
}

function findModel(provider: string | null, model: string): ModelInfo | null {
  try {
    return calcPrice({}, model, provider === null ? {} : { providerId: provider })?.model ?? null;
  } catch {
    // The library throws on an entry of its own that it finds odd. A price that cannot be computed is an unknown price.
    return null;
  }
}

function tariffOf({ id, prices }: ModelInfo): Tariff {
  const about = { by: "table", version: shippedVersion } as const;
  if (!Array.isArray(prices)) {
    const rates = ratesOf(prices, id);
    return { ...about, ratesAt: () => rates };
  }
  // The last one that holds wins; when none does, the first.
  const choices = prices.toReversed().map((price) => ({ holds: holdsAt(price), rates: ratesOf(price.prices, id) }));
  const fallback = choices.at(-1)?.rates ?? null;
  return { ...about, ratesAt: (at) => (choices.find(({ holds }) => holds(at)) ?? { rates: fallback }).rates };
}

/** Null for what is sold by the page or the hour. No price at all means free only where the name says so. */
function ratesOf(price: ModelPrice, id: string): TokenRates | null {
  const [input, output] = [rateOf(price["input_mtok"]), rateOf(price["output_mtok"])];
  if (input === null && output === null) return id.endsWith(":free") ? { ...noRates, input: 0, output: 0 } : null;
  const requests = price["requests_kcount"];
  return {
    input,
    output,
    cacheRead: rateOf(price["cache_read_mtok"]),
    cacheWrite: rateOf(price["cache_write_mtok"]),
    reasoning: rateOf(price["output_reasoning_mtok"]),
    // Dollars for a thousand are thousands of micro-dollars for one.
    perCall: typeof requests === "number" ? requests * 1_000 : 0,
  };
}

const noRates: TokenRates = {
  input: null,
  output: null,
  cacheRead: null,
  cacheWrite: null,
  reasoning: null,
  perCall: 0,
};

function rateOf(price: ModelPrice[string]): Rate | null {
  if (price === undefined) return null;
  if (typeof price === "number") return price;
  const tiers = price.tiers.map(({ start, price: rate }) => ({ above: start, rate }));
  return { base: price.base, tiers: tiers.toSorted((a, b) => a.above - b.above) };
}

function holdsAt({ constraint }: ConditionalPrice): (at: number) => boolean {
  if (constraint === undefined) return () => true;
  if (constraint.type === "start_date") {
    const from = Date.parse(constraint.start_date);
    return (at) => at >= from;
  }
  const [start, end] = [secondOfDay(constraint.start_time), secondOfDay(constraint.end_time)];
  return (at) => {
    const second = (((at / 1_000) % daySeconds) + daySeconds) % daySeconds;
    return end < start ? second >= start || second < end : second >= start && second < end;
  };
}

/** `16:30:00Z` or `00:30:00+08:00`, as seconds of the day in UTC. */
function secondOfDay(text: string): number {
  const at = Date.parse(`1970-01-02T${text}`) / 1_000;
  return ((at % daySeconds) + daySeconds) % daySeconds;
}

function installedVersion(): string {
  // The package does not export its package.json, so it is found beside what it does export.
  const entry = createRequire(import.meta.url).resolve(packageName);
  const text = readFileSync(join(dirname(entry), "..", "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
