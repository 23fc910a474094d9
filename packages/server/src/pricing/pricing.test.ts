import assert from "node:assert/strict";
import { test } from "node:test";
import type { Beat, MeteredCall, Price, Usage } from "@midwatch/core";
import { parseBeat } from "@midwatch/protocol";
import { createPricing, type Used } from "./pricing.ts";

const at = Date.parse("2026-11-01T12:00:00Z");
const thousandEach = { inputTokens: 1_000, outputTokens: 1_000 };

function used(provider: string | null, model: string | null, tokens: Partial<Used> = thousandEach): Used {
  const none = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  return { ...none, calls: 1, provider, model, ...tokens };
}

function usage(provider: string | null, model: string | null, more: Partial<Usage> = {}): Usage {
  return { ...used(provider, model), costUsdMicros: null, ...more };
}

function beat(more: Partial<Beat>): Beat {
  const parsed = parseBeat({ agent: "bot", tokens_used: 2_000 });
  assert.ok(parsed.ok);
  return { ...parsed.beat, ...more };
}

/** Micro-dollars of 1,000 tokens in and 1,000 out. */
function costOf(provider: string | null, model: string | null): number | null {
  return createPricing().priceTokens(used(provider, model), at)?.costUsdMicros ?? null;
}

for (const [claim, provider, model, same] of [
  ["a bare name tells its provider", null, "gpt-5", ["openai", "gpt-5"]],
  ["case does not matter", "OpenAI", "GPT-5", ["openai", "gpt-5"]],
  [
    "a name with the vendor before it is that vendor's",
    null,
    "anthropic/claude-sonnet-4.5",
    ["anthropic", "claude-sonnet-4-5"],
  ],
  [
    "so is one that came through a client of OpenAI's API",
    "openai",
    "anthropic/claude-sonnet-4.5",
    ["anthropic", "claude-sonnet-4-5"],
  ],
  ["so is one that came through LiteLLM", "litellm", "gemini/gemini-2.5-pro", ["google", "gemini-2.5-pro"]],
  [
    "a regional name of Bedrock is Bedrock's without saying so",
    null,
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    ["aws", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
  ],
  [
    "OpenTelemetry's name of Bedrock is understood",
    "aws.bedrock",
    "amazon.nova-pro-v1:0",
    ["aws", "amazon.nova-pro-v1:0"],
  ],
  ["OpenTelemetry's name of Azure is understood", "azure.ai.openai", "gpt-4o", ["azure", "gpt-4o"]],
  ["OpenTelemetry's name of xAI is understood", "x_ai", "grok-4", ["x-ai", "grok-4"]],
  ["OpenTelemetry's name of Vertex is understood", "gcp.vertex_ai", "gemini-2.5-pro", ["google", "gemini-2.5-pro"]],
  ["Gemini's resource names are models", null, "models/gemini-2.5-pro", ["google", "gemini-2.5-pro"]],
  [
    "so are Vertex's",
    null,
    "projects/p/locations/l/publishers/google/models/gemini-2.5-pro",
    ["google", "gemini-2.5-pro"],
  ],
  ["a date after @ is a version", "vertex_ai", "claude-sonnet-4-5@20250929", ["google", "claude-sonnet-4-5"]],
  ["-latest is the model itself", null, "claude-3-5-sonnet-latest", ["anthropic", "claude-3-5-sonnet-20241022"]],
] as const) {
  test(`${claim}: ${model}`, () => {
    const cost = costOf(provider, model);
    assert.ok(cost !== null && cost > 0);
    assert.equal(cost, costOf(same[0], same[1]));
  });
}

for (const [claim, provider, model] of [
  ["a model nobody knows", "openai", "gpt-99-turbo"],
  ["a provider nobody knows", "acme-cloud", "gpt-5"],
  ["no model at all", "openai", null],
  ["a deployment with a name of its own", "azure", "my-deployment"],
  ["a fine-tune that the tables don't have", null, "ft:gpt-4o:acme::x"],
  ["a fine-tune of the oldest kind", "openai", "ft:gpt-4-0613:acme::x"],
  ["a tuned model of Google", "google", "tunedModels/my-gemini-2.5-pro"],
  [
    "a custom model of Bedrock that has the base's name in it",
    "aws",
    "arn:aws:bedrock:us-east-1:1:custom-model/anthropic.claude-3-haiku-20240307-v1:0/x",
  ],
  [
    "capacity that is paid by the hour",
    "aws",
    "arn:aws:bedrock:us-east-1:1:provisioned-model/anthropic.claude-3-haiku-20240307-v1:0",
  ],
  ["a model at home that has a vendor's name", null, "deepseek-r1:7b"],
  ["a model of Ollama's cloud", "ollama", "gpt-oss:120b-cloud"],
  ["open weights served by anybody", null, "meta-llama/Llama-3.1-8B-Instruct"],
  ["what is sold by the hour", "openai", "whisper-1"],
  ["what is sold by the page", "mistral", "mistral-ocr-2505"],
] as const) {
  test(`${claim} is unpriced: ${model}`, () => assert.equal(costOf(provider, model), null));
}

test("a fine-tune costs what fine-tunes cost, and not what its base costs", () => {
  const [tuned, base] = [costOf(null, "ft:gpt-4o-mini-2024-07-18:org::id"), costOf("openai", "gpt-4o-mini")];
  assert.ok(tuned !== null && base !== null && tuned > base);
});

test("a model that is offered for nothing costs nothing, by the tables", () => {
  const price = createPricing().priceTokens(used("openrouter", "deepseek/deepseek-chat:free"), at);
  assert.deepEqual([price?.costUsdMicros, price?.by], [0, "table"]);
});

test("a model on the user's own machine costs nothing, and the price says why", () => {
  const { priceTokens } = createPricing();
  for (const [provider, model] of [
    ["ollama", "llama3.1:8b"],
    ["Ollama", null],
    [null, "ollama/qwen3:4b"],
  ] as const) {
    const price = priceTokens(used(provider, model), at);
    assert.deepEqual([price?.costUsdMicros, price?.by], [0, "local"]);
  }
});

test("cached tokens cost what the cache costs, as part of the input", () => {
  const { priceTokens } = createPricing();
  const price = (tokens: Partial<Used>) => priceTokens(used("openai", "gpt-5", tokens), at)?.costUsdMicros;
  assert.equal(price({ inputTokens: 10_000, cacheReadTokens: 9_000 }), 1_250 + 1_125);
  assert.equal(price({ inputTokens: 1_000, cacheReadTokens: 5_000 }), 125, "more than the input is all of the input");
});

test("a long call costs the rate of its tier, on every token", () => {
  const { priceTokens } = createPricing();
  const price = (tokens: Partial<Used>) => priceTokens(used("google", "gemini-2.5-pro", tokens), at)?.costUsdMicros;
  assert.equal(price({ inputTokens: 100_000 }), 125_000);
  assert.equal(price({ inputTokens: 250_000 }), 625_000);
  assert.equal(price({ inputTokens: 250_000, calls: 10 }), 312_500, "ten short calls are no long one");
});

test("a price by the hour of the day is that of the call's hour", () => {
  const { priceTokens } = createPricing();
  const price = (time: string) =>
    priceTokens(used("deepseek", "deepseek-chat"), Date.parse(`2026-11-01T${time}Z`))?.costUsdMicros ?? 0;
  assert.ok(price("12:00:00") > price("20:00:00"));
  assert.equal(price("16:30:00"), price("20:00:00"), "the cheap hours begin at half past");
  assert.equal(price("16:29:59"), price("12:00:00"));
});

test("a price that changed on a day is that of the call's day", () => {
  const { priceTokens } = createPricing();
  const price = (day: string) => priceTokens(used("openai", "o3"), Date.parse(`${day}T00:00:00Z`))?.costUsdMicros ?? 0;
  assert.ok(price("2025-06-09") > price("2025-06-10"));
});

test("what is reported is believed, and needs no table", () => {
  const reported: Price = { costUsdMicros: 77, by: "reported", version: "" };
  const { priceUsage, priceCall } = createPricing();
  assert.deepEqual(priceUsage(usage("openai", "gpt-5", { costUsdMicros: 77 }), at), reported);
  const call: MeteredCall = {
    ...usage(null, "gpt-99", { costUsdMicros: 77 }),
    key: "k",
    at,
    source: "proxy",
    outcome: "ok",
    isEstimated: false,
    tools: [],
    promptHash: null,
    session: null,
    trace: null,
    remarks: [],
  };
  assert.deepEqual(priceCall(call), reported);
  assert.equal(priceCall({ ...call, costUsdMicros: null }), null);
  assert.equal(priceCall({ ...call, costUsdMicros: -1 }), null, "no cost is negative");
});

test("a call that used nothing costs nothing, whatever the model", () => {
  assert.equal(createPricing().priceTokens(used("openai", "gpt-99", {}), at)?.costUsdMicros, 0);
});

test("a beat of which one usage is unpriced is unpriced as a whole", () => {
  const pricing = createPricing();
  const priceBeat = (...of: Parameters<typeof pricing.priceBeat>) => pricing.priceBeat(...of).costUsdMicros;
  const known = usage("openai", "gpt-5");
  assert.equal(priceBeat(beat({ usage: [known, known] }), at), 22_500);
  assert.equal(priceBeat(beat({ usage: [known, usage("openai", "gpt-99")] }), at), null);
  assert.equal(priceBeat(beat({ usage: [known], costUsdMicros: 5 }), at), 5);
  assert.equal(priceBeat(beat({ usage: [] }), at), null, "tokens of no model");
  assert.equal(priceBeat(beat({ usage: [], tokens: 0 }), at), 0);
});

test("however many models are invented, those that are known keep their prices", () => {
  const { priceTokens } = createPricing();
  const before = priceTokens(used("openai", "gpt-5"), at);
  for (let i = 0; i < 2_500; i += 1) assert.equal(priceTokens(used("nobody", `invented-${i}`), at), null);
  assert.deepEqual(priceTokens(used("openai", "gpt-5"), at), before);
});
