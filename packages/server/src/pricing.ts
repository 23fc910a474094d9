// What a beat cost. A cost that the agent reports wins; else each usage is priced from the tables that ship with
// @pydantic/genai-prices, without a network. A price that is not known is "unpriced" (null), never 0; and when one of
// several usages is unpriced the whole beat is, because a partial sum would look like a total.

import type { Beat, Usage } from "@midwatch/core";
import { calcPrice, type Provider } from "@pydantic/genai-prices";

export type PriceOf = (beat: Beat) => number | null;

/** Models remembered with their prices; far more than one fleet uses, and a bound against invented names. */
const maxModels = 1_000;

/** Prices beats in integer micro-dollars; null is unpriced. */
export function createPricing(): PriceOf {
  // Finding a model among all providers costs far more than the multiplication; it is done once per model.
  const models = new Map<string, Provider | null>();
  return (beat) => {
    if (beat.costUsdMicros !== null) return beat.costUsdMicros;
    if (beat.usage.length === 0) return beat.tokens === 0 ? 0 : null;
    let sum = 0;
    for (const usage of beat.usage) {
      const cost = priceUsage(usage, models);
      if (cost === null) return null;
      sum += cost;
    }
    return sum;
  };
}

function priceUsage(usage: Usage, models: Map<string, Provider | null>): number | null {
  if (usage.costUsdMicros !== null) return usage.costUsdMicros;
  if (usage.inputTokens === 0 && usage.outputTokens === 0) return 0;
  if (usage.model === null) return null;
  const key = `${usage.provider ?? ""}\n${usage.model}`;
  const known = models.get(key);
  if (known === null) return null;
  const found = calculate(usage, usage.model, known);
  if (known === undefined) {
    if (models.size >= maxModels) models.clear();
    models.set(key, found === null ? null : { ...found.provider, models: [found.model] });
  }
  return found === null ? null : Math.round(found.total_price * 1e6);
}

function calculate(usage: Usage, model: string, provider: Provider | undefined): ReturnType<typeof calcPrice> {
  const counts = {
    input_tokens: usage.inputTokens,
    output_tokens: usage.outputTokens,
    // The tables refuse cached tokens beyond the input they are part of.
    cache_read_tokens: Math.min(usage.cacheReadTokens, usage.inputTokens),
    cache_write_tokens: Math.min(usage.cacheWriteTokens, Math.max(0, usage.inputTokens - usage.cacheReadTokens)),
  };
  const where = provider ? { provider } : usage.provider === null ? {} : { providerId: usage.provider.toLowerCase() };
  try {
    return calcPrice(counts, model, where);
  } catch {
    // The library throws on usage it finds odd. A price that cannot be computed is an unknown price.
    return null;
  }
}
