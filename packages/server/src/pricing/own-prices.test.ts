import assert from "node:assert/strict";
import { test } from "node:test";
import { createPricing, type Used } from "./pricing.ts";
import type { OwnPrice } from "./own-prices.ts";

function line(model: string, provider: string | null, input: number | null, more: object = {}): OwnPrice {
  const rates = input === null ? null : { input, output: 2 * input, cacheRead: null, cacheWrite: null, ...more };
  return { model, provider, rates };
}

function used(provider: string | null, model: string | null, more: Partial<Used> = {}): Used {
  const none = { outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  return { ...none, inputTokens: 1_000_000, calls: 1, provider, model, ...more };
}

function pricesWith(...own: readonly OwnPrice[]) {
  const { priceTokens, version } = createPricing({ own });
  const usd = (provider: string | null, model: string | null, more: Partial<Used> = {}): number | null => {
    const price = priceTokens(used(provider, model, more), 0);
    return price === null ? null : price.costUsdMicros / 1e6;
  };
  return { usd, priceTokens, version };
}

test("the settings' price of a model is taken before the tables'", () => {
  const { usd, priceTokens } = pricesWith(line("gpt-5", "openai", 0.5));
  assert.equal(usd("openai", "gpt-5"), 0.5);
  assert.match(priceTokens(used("openai", "gpt-5"), 0)?.version ?? "", /^own:[0-9a-f]{8}$/);
  assert.equal(priceTokens(used("openai", "gpt-5"), 0)?.by, "own");
  assert.equal(priceTokens(used("openai", "gpt-5-mini"), 0)?.by, "table");
});

test("the most exact name wins, wherever it stands", () => {
  const { usd } = pricesWith(
    line("*", null, 1),
    line("qwen*", null, 2),
    line("qwen3*", null, 3),
    line("qwen3:4b", null, 4),
  );
  assert.deepEqual(
    ["mine", "qwen2", "qwen3:8b", "Qwen3:4b"].map((model) => usd("my-llm", model)),
    [1, 2, 3, 4],
  );
});

test("a line with a provider holds for that provider's calls", () => {
  const { usd } = pricesWith(line("house-*", "my-llm", 2), line("house-7", "my-llm", 3));
  assert.equal(usd("my-llm", "house-1"), 2);
  assert.equal(usd("other", "house-1"), null);
  assert.equal(usd(null, "house-1"), null, "who knows whose it was");
  assert.equal(usd(null, "house-7"), 3, "its whole name leaves no doubt");
});

test("a line with a provider wins over an equal one without", () => {
  const { usd } = pricesWith(line("house", null, 1), line("house*", "my-llm", 2), line("house*", null, 3));
  assert.equal(usd("my-llm", "house"), 1, "the whole name is more exact");
  assert.equal(usd("my-llm", "house-2"), 2);
  assert.equal(usd("other", "house-2"), 3);
});

test("a local model costs nothing, and a line with a price makes it cost", () => {
  const { usd, priceTokens } = pricesWith(line("*", "my-vllm", null), line("*", "ollama", 0.1));
  assert.equal(priceTokens(used("my-vllm", null), 0)?.by, "local");
  assert.equal(usd("my-vllm", "anything"), 0);
  assert.equal(usd("ollama", "llama3.1:8b"), 0.1);
});

test("cached tokens without a price of their own are input", () => {
  const cached = { cacheReadTokens: 500_000, cacheWriteTokens: 250_000 };
  assert.equal(pricesWith(line("m", null, 2)).usd(null, "m", cached), 2);
  const { usd } = pricesWith(line("m", null, 2, { cacheRead: 0.2, cacheWrite: 4 }));
  assert.equal(usd(null, "m", cached), 0.5 + 0.1 + 1);
});

test("the version changes with the table, and not with the order of its lines", () => {
  const [a, b] = [line("a", null, 1), line("b", "x", 2)];
  assert.equal(pricesWith(a, b).version, pricesWith(b, a).version);
  assert.notEqual(pricesWith(a, b).version, pricesWith(a, line("b", "x", 3)).version);
  assert.match(pricesWith().version, /^genai-prices \d+\.\d+\.\d+$/);
});
