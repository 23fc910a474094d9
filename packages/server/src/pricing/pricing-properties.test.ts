import assert from "node:assert/strict";
import { test } from "node:test";
import { calcPrice, waitForUpdate } from "@pydantic/genai-prices";
import fc from "fast-check";
import type { OwnPrice } from "./own-prices.ts";
import { createPricing, type Used } from "./pricing.ts";

const own: OwnPrice[] = [
  { model: "flat", provider: null, rates: { input: 0.5, output: 1.5, cacheRead: 0.05, cacheWrite: 0.6 } },
  { model: "dear", provider: null, rates: { input: 10_000, output: 10_000, cacheRead: null, cacheWrite: null } },
];
const pricing = createPricing({ own });

const anyNumber = fc.oneof(fc.nat(), fc.integer(), fc.double(), fc.constantFrom(1e12, -0, 1e308));
const count = fc.oneof(fc.nat(), fc.integer({ min: 0, max: 1e12 }));
const model = fc.oneof(
  fc.constantFrom("gpt-5", "gemini-2.5-pro", "deepseek-chat", "claude-sonnet-4-5", "flat", "dear", "sonar", "qwen3:4b"),
  fc.string(),
);
const provider = fc.oneof(fc.constantFrom(null, "openai", "ollama", "openrouter", "aws"), fc.string());

function usedOf(number: fc.Arbitrary<number>): fc.Arbitrary<Used> {
  return fc.record({
    provider,
    model: fc.option(model),
    calls: number,
    inputTokens: number,
    outputTokens: number,
    cacheReadTokens: number,
    cacheWriteTokens: number,
    reasoningTokens: number,
  });
}

test("no count and no name makes pricing throw, and no cost is negative or inexact", () => {
  fc.assert(
    fc.property(usedOf(anyNumber), anyNumber, (used, at) => {
      const price = pricing.priceTokens(used, at);
      assert.ok(price === null || (Number.isSafeInteger(price.costUsdMicros) && price.costUsdMicros >= 0));
    }),
  );
});

test("of counts that are none no cost is made up", () => {
  const whole = { cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0, inputTokens: 10, outputTokens: 10 };
  const used = { provider: null, model: "flat", calls: 1, ...whole };
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(whole)), fc.constantFrom(NaN, -1, Infinity), (field, odd) => {
      assert.equal(pricing.priceTokens({ ...used, [field]: odd }, 0), null);
    }),
  );
});

test("where a token costs the same whatever the size, more tokens never cost less", () => {
  fc.assert(
    fc.property(usedOf(count), count, count, (given, moreInput, moreOutput) => {
      const less = { ...given, provider: null, model: "flat" };
      const more = { ...less, inputTokens: less.inputTokens + moreInput, outputTokens: less.outputTokens + moreOutput };
      const [a, b] = [pricing.priceTokens(less, 0), pricing.priceTokens(more, 0)];
      assert.ok(a !== null && b !== null && a.costUsdMicros <= b.costUsdMicros);
    }),
  );
});

test("every model of the tables costs what their own library says, at any hour and any size", async () => {
  const everything = (await waitForUpdate()) ?? [];
  const { priceTokens } = createPricing();
  let priced = 0;
  for (const { id, models } of everything) {
    for (const one of models) {
      for (const [inputTokens, hour] of [
        [900, 2],
        [150_000, 8],
        [300_000, 14],
        [1_200_000, 20],
      ] as const) {
        const at = Date.UTC(2026, hour, 15, hour, 30);
        const cacheReadTokens = inputTokens / 3;
        const used = { provider: id, model: one.id, calls: 1, inputTokens, outputTokens: 700, cacheReadTokens };
        const price = priceTokens({ ...used, cacheWriteTokens: inputTokens / 6, reasoningTokens: 200 }, at);
        if (price === null) continue;
        priced += 1;
        const theirs = calcPrice(
          {
            input_tokens: inputTokens,
            output_tokens: 700,
            cache_read_tokens: cacheReadTokens,
            cache_write_tokens: inputTokens / 6,
            output_reasoning_tokens: 200,
          },
          one.id,
          { providerId: id, timestamp: new Date(at) },
        );
        const expected = (theirs?.total_price ?? NaN) * 1e6;
        assert.ok(
          Math.abs(price.costUsdMicros - expected) <= 1,
          `${id}/${one.id}: ${price.costUsdMicros}, ${expected}`,
        );
      }
    }
  }
  const entries = everything.reduce((sum, { models }) => sum + models.length, 0);
  assert.ok(priced > 4 * 0.75 * entries, `${priced} of ${4 * entries} were priced`);
});
