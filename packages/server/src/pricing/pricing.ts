// What calls and beats cost. Whoever reports a cost is believed; else the table in the settings holds, then the tables that ship,
// and a model on the user's own machine costs nothing. A price that is not known is "unpriced" (null), never 0.
//
// Everything here is a pure function of the tokens by class, the model and the moment. They are stored with the version of the
// table, so a cost can be computed anew when a table was wrong: `priceTokens` of what is stored, with the tables of today.

import type { Beat, CallTokens, MeteredCall, Price, Usage } from "@midwatch/core";
import { providerName, type ModelName } from "./model-name.ts";
import { ownTariffs, ownVersion, type OwnPrices } from "./own-prices.ts";
import { shippedTariff, shippedVersion } from "./shipped-prices.ts";
import type { Tariff } from "./tariff.ts";
import { costOf } from "./token-rates.ts";

/** What was used of one model, without what anybody says it cost. */
export type Used = CallTokens & Pick<MeteredCall, "provider" | "model" | "calls">;

/** Prices in integer micro-dollars; null is unpriced. `at` is when the tokens were used, in milliseconds: prices change. */
export interface Pricing {
  /** What it cost by the tables; for computing a cost anew. */
  readonly priceTokens: (used: Used, at: number) => Price | null;
  readonly priceCall: (call: MeteredCall) => Price | null;
  readonly priceUsage: (usage: Usage, at: number) => Price | null;
  /** One usage that is unpriced makes the whole beat so: a partial sum would look like a total. */
  readonly priceBeat: (beat: Beat, at: number) => PricedBeat;
  /** Of the tables in use: `genai-prices 0.1.8`, after `own:` and a digest when the settings have a table. */
  readonly version: string;
}

/** What a beat cost as a whole, and each row of its usage; null is unpriced. */
export interface PricedBeat {
  readonly costUsdMicros: number | null;
  readonly usageCosts: readonly (number | null)[];
}

/** How a beat is priced. */
export type PriceOf = Pricing["priceBeat"];

/** Models remembered with their tariffs, unknown ones too; far more than one fleet uses, and a bound against invented names. */
const maxModels = 1_000;

export function createPricing({ own = [] }: { readonly own?: OwnPrices } = {}): Pricing {
  const tariffs = rememberedTariffs(own);
  const priceTokens = (used: Used, at: number): Price | null => {
    const tariff = tariffs(used.provider, used.model ?? "");
    // Nothing was used, as of a call that failed: that costs nothing, whatever the model.
    if (tariff === null) return isNothing(used) ? { costUsdMicros: 0, by: "table", version: shippedVersion } : null;
    const rates = tariff.ratesAt(at);
    const costUsdMicros = rates === null ? null : costOf(rates, used, used.calls);
    return costUsdMicros === null ? null : { costUsdMicros, by: tariff.by, version: tariff.version };
  };
  const priceUsage = (usage: Usage, at: number): Price | null =>
    reported(usage.costUsdMicros) ?? priceTokens(usage, at);
  return {
    priceTokens,
    priceUsage,
    priceCall: (call) => priceUsage(call, call.at),
    priceBeat: (beat, at) => {
      const rows = beat.usage.map((usage) => priceUsage(usage, at)?.costUsdMicros ?? null);
      return { costUsdMicros: beat.costUsdMicros ?? sumOf(rows, beat.tokens), usageCosts: rows };
    },
    version: own.length === 0 ? shippedVersion : `${ownVersion(own)}, ${shippedVersion}`,
  };
}

function sumOf(rows: readonly (number | null)[], tokens: number): number | null {
  if (rows.length === 0) return tokens === 0 ? 0 : null;
  let sum = 0;
  for (const cost of rows) {
    if (cost === null) return null;
    sum += cost;
  }
  return sum;
}

function rememberedTariffs(own: OwnPrices): (provider: string | null, model: string) => Tariff | null {
  const ownTariff = ownTariffs(own);
  const known = new Map<string, Tariff | null>();
  return (provider, model) => {
    const key = `${provider ?? ""}\n${model}`;
    const remembered = known.get(key);
    if (remembered !== undefined) return remembered;
    const name: ModelName = { provider, model };
    const tariff = ownTariff(name) ?? (model === "" ? null : shippedTariff(name)) ?? localTariff(name);
    if (known.size >= maxModels) known.clear();
    known.set(key, tariff);
    return tariff;
  };
}

/** Ollama runs on the user's own machine, save for the models that it passes on to its cloud. */
function localTariff({ provider, model }: ModelName): Tariff | null {
  const known = provider === null ? null : providerName(provider);
  // LiteLLM writes the provider before the model.
  const isOllama = known === "ollama" || ((known ?? "litellm") === "litellm" && /^ollama(?:_chat)?\//i.test(model));
  if (!isOllama || /[:-]cloud$/i.test(model.trim())) return null;
  const rates = { input: 0, output: 0, cacheRead: null, cacheWrite: null, reasoning: null, perCall: 0 };
  return { by: "local", version: shippedVersion, ratesAt: () => rates };
}

function reported(costUsdMicros: number | null): Price | null {
  if (costUsdMicros === null || !Number.isFinite(costUsdMicros) || costUsdMicros < 0) return null;
  return { costUsdMicros, by: "reported", version: "" };
}

function isNothing({ inputTokens, outputTokens }: CallTokens): boolean {
  return inputTokens === 0 && outputTokens === 0;
}
