import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test, type TestContext } from "node:test";
import { brotliCompressSync, gzipSync, zstdCompressSync } from "node:zlib";
import type { MeterCall } from "@midwatch/protocol";
import { extractUsage, findProvider } from "@pydantic/genai-prices";
import { argsHash } from "../../../sdks/typescript/src/tool-digest.ts";
import { messagesUsage, chatUsage, geminiUsage, ollamaUsage, responsesUsage } from "./reading/usage.ts";
import { answers } from "./testing/answers.ts";
import { meterInTest, postJson, type RawAnswer } from "./testing/meter-in-test.ts";
import { always, json, providerInTest, sse, type Answer, type ProviderInTest } from "./testing/provider-in-test.ts";
import { serverInTest, type ServerInTest } from "./testing/server-in-test.ts";
import { until } from "./testing/until.ts";

interface Metered {
  readonly call: MeterCall;
  readonly answer: RawAnswer;
  readonly provider: ProviderInTest;
  readonly server: ServerInTest;
}

/** One call through a meter; what the server was told of it. */
async function metered(
  t: TestContext,
  given: { readonly path: string; readonly body: unknown; readonly answer: Answer },
): Promise<Metered> {
  const provider = await providerInTest(t, given.answer);
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const answer = await postJson(`${meter.url}/meter/bot/${given.path}`, given.body);
  const told = await until(() => server.calls[0], "the call at the server");
  assert.equal(told.agent, "bot");
  return { call: told.call, answer, provider, server };
}

const tool = { name: "db_query", args_hash: argsHash({ a: [2, { c: 4, d: 3 }], b: 1 }) };

interface Case {
  readonly path: string;
  readonly body: object;
  readonly answer: Answer;
  readonly told: Partial<MeterCall>;
}

const chat = { model: "gpt-5.6-mini", messages: [{ role: "user", content: "Hello" }] };

const cases: Readonly<Record<string, Case>> = {
  "an OpenAI chat": {
    path: "openai/v1/chat/completions",
    body: chat,
    answer: json(answers.chatAnswer()),
    told: {
      key: answers.chatId,
      provider: "openai",
      model: "gpt-5.6-mini-2026-08-01",
      input_tokens: 1_000,
      output_tokens: 50,
      cache_read_tokens: 800,
      reasoning_tokens: 20,
      tools: [tool],
    },
  },
  "a stream of an OpenAI chat": {
    path: "openai/v1/chat/completions",
    body: { ...chat, stream: true },
    answer: sse(answers.chatStream),
    told: { key: answers.chatId, input_tokens: 9, output_tokens: 12, tools: [tool] },
  },
  "an OpenAI response": {
    path: "openai/v1/responses",
    body: { model: "gpt-5.6", input: "Hello" },
    answer: json(answers.responsesAnswer),
    told: {
      key: answers.responseId,
      input_tokens: 30,
      cache_read_tokens: 10,
      output_tokens: 7,
      reasoning_tokens: 5,
      tools: [tool],
    },
  },
  "a stream of an OpenAI response": {
    path: "openai/v1/responses",
    body: { model: "gpt-5.6", input: "Hello", stream: true },
    answer: sse(answers.responsesStream),
    told: { key: answers.responseId, input_tokens: 30, cache_read_tokens: 10, output_tokens: 7, tools: [tool] },
  },
  embeddings: {
    path: "openai/v1/embeddings",
    body: { model: "text-embedding-4", input: "Hello" },
    answer: json({ object: "list", model: "text-embedding-4", data: [], usage: { prompt_tokens: 8, total_tokens: 8 } }),
    told: { model: "text-embedding-4", input_tokens: 8, output_tokens: 0 },
  },
  "an Anthropic message": {
    path: "anthropic/v1/messages?beta=true",
    body: { model: "claude-sonnet-5", max_tokens: 9, messages: [] },
    answer: json(answers.messageAnswer()),
    told: {
      key: answers.messageId,
      provider: "anthropic",
      input_tokens: 1_110,
      cache_read_tokens: 1_000,
      cache_write_tokens: 100,
      output_tokens: 20,
      tools: [tool],
    },
  },
  "a stream of an Anthropic message": {
    path: "anthropic/v1/messages",
    body: { model: "claude-sonnet-5", stream: true, messages: [] },
    answer: sse(answers.messageStream),
    told: {
      key: answers.messageId,
      input_tokens: 1_110,
      cache_read_tokens: 1_000,
      cache_write_tokens: 100,
      output_tokens: 20,
      tools: [tool],
    },
  },
  "a Gemini answer": {
    path: "gemini/v1beta/models/gemini-3.1-pro:generateContent",
    body: { contents: [{ parts: [{ text: "Hello" }] }] },
    answer: json(answers.geminiAnswer),
    told: {
      provider: "google",
      model: "gemini-3.1-pro",
      input_tokens: 40,
      cache_read_tokens: 15,
      output_tokens: 27,
      reasoning_tokens: 7,
      tools: [tool],
    },
  },
  "a stream of a Gemini answer": {
    path: "gemini/v1beta/models/gemini-3.1-pro:streamGenerateContent?alt=sse",
    body: { contents: [] },
    answer: sse(answers.geminiStream),
    told: { key: "vAbCdEfGhIjKlMnOpQrStUv", input_tokens: 40, output_tokens: 27, tools: [tool] },
  },
  "a stream of a Gemini answer as one list": {
    path: "gemini/v1beta/models/gemini-3.1-pro:streamGenerateContent",
    body: { contents: [] },
    answer: json(answers.geminiStream.map((part) => JSON.parse(part.slice(6)) as unknown)),
    told: { input_tokens: 40, output_tokens: 27 },
  },
  "a stream of Ollama": {
    path: "ollama/api/chat",
    body: { model: "qwen3", messages: [] },
    answer: always(200, { "content-type": "application/x-ndjson" }, answers.ollamaStream.join("")),
    told: { provider: "ollama", model: "qwen3", input_tokens: 26, output_tokens: 298, tools: [tool] },
  },
  "an OpenRouter chat, with the cost it reports": {
    path: "openrouter/v1/chat/completions",
    body: chat,
    answer: json({
      id: "gen-1774690000-ABCDEFGHIJ",
      model: "a/b",
      choices: [],
      usage: { prompt_tokens: 5, completion_tokens: 6, cost: 0.0123 },
    }),
    told: { provider: "openrouter", cost_usd_micros: 12_300, input_tokens: 5, output_tokens: 6 },
  },
  "a chat by LiteLLM's proxy, with the cost in a header": {
    path: "openai/v1/chat/completions",
    body: chat,
    answer: always(
      200,
      { "content-type": "application/json", "x-litellm-response-cost": "2.5e-05" },
      JSON.stringify(answers.chatAnswer()),
    ),
    told: { cost_usd_micros: 25 },
  },
};

for (const [name, { path, body, answer, told }] of Object.entries(cases)) {
  test(`${name} is counted as its provider tells it`, async (t) => {
    const { call } = await metered(t, { path, body, answer });
    const expected = { outcome: "ok", estimated: false, remarks: [], ...told };
    assert.deepEqual(pick(call, Object.keys(expected) as (keyof MeterCall)[]), expected);
  });
}

function pick(call: MeterCall, names: readonly (keyof MeterCall)[]): Partial<MeterCall> {
  return Object.fromEntries(names.map((name) => [name, call[name]]));
}

for (const [encoding, pack] of [
  ["gzip", gzipSync],
  ["br", brotliCompressSync],
  ["zstd", zstdCompressSync],
] as const) {
  test(`an answer packed as ${encoding} reaches the client packed and is counted all the same`, async (t) => {
    const packed = pack(JSON.stringify(answers.messageAnswer()));
    const headers = { "content-type": "application/json", "content-encoding": encoding };
    const body = { model: "claude-sonnet-5", messages: [] };
    const { call, answer } = await metered(t, {
      path: "anthropic/v1/messages",
      body,
      answer: always(200, headers, packed),
    });
    assert.deepEqual(answer.body, packed);
    assert.equal(call.input_tokens, 1_110);
    assert.equal(call.key, answers.messageId);
  });
}

test("an error of the provider reaches the client byte for byte and is counted as a failed call without tokens", async (t) => {
  const words = '{"error": {"message":"Rate limit reached","type":"requests"}}  \n';
  const answer = always(429, { "content-type": "application/json", "retry-after": "7" }, words);
  const { call, answer: seen } = await metered(t, { path: "openai/v1/chat/completions", body: chat, answer });
  assert.equal(seen.status, 429);
  assert.equal(seen.headers["retry-after"], "7");
  assert.equal(seen.body.toString(), words);
  assert.deepEqual([call.outcome, call.input_tokens, call.output_tokens, call.estimated], ["failed", 0, 0, false]);
  assert.equal(call.model, "gpt-5.6-mini");
});

test("a stream without any usage is counted by a guess from its length, and marked so", async (t) => {
  const answer = sse(answers.chatStream.filter((event) => event !== answers.chatUsageChunk));
  const body = { ...chat, messages: [{ role: "user", content: "x".repeat(400) }], stream: true };
  const { call } = await metered(t, { path: "openai/v1/chat/completions", body, answer });
  assert.ok(call.estimated);
  assert.ok(call.input_tokens >= 100 && call.input_tokens < 110, String(call.input_tokens));
  assert.ok(call.output_tokens > 5, String(call.output_tokens));
  assert.deepEqual(call.remarks, ["the answer told no usage"]);
});

test("an answer that ends in an error event is a failed call with what it had used", async (t) => {
  const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
  const answer = sse([...answers.messageStream.slice(0, 3), error]);
  const { call } = await metered(t, { path: "anthropic/v1/messages", body: { model: "m", stream: true }, answer });
  assert.deepEqual([call.outcome, call.input_tokens], ["failed", 1_110]);
});

test("an id from a thousand numbers names nothing: two such answers are two calls", async (t) => {
  const provider = await providerInTest(t, json(answers.chatAnswer("chatcmpl-123")));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  for (let call = 0; call < 2; call += 1) await postJson(`${meter.url}/meter/bot/ollama/v1/chat/completions`, chat);
  await until(() => server.calls.length === 2, "both calls");
  assert.notEqual(server.calls[0]?.call.key, server.calls[1]?.call.key);
});

test("the very same request has the same hash; another question, and more of the conversation, have others", async (t) => {
  const provider = await providerInTest(t, json(answers.chatAnswer()));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const asked = [
    { ...chat, temperature: 0 },
    { temperature: 1, ...chat },
    { ...chat, messages: [{ role: "user", content: "Hullo" }] },
    { ...chat, messages: [...chat.messages, ...chat.messages] },
  ];
  for (const body of asked) await postJson(`${meter.url}/meter/bot/openai/v1/chat/completions`, body);
  await until(() => server.calls.length === asked.length, "all calls");
  const [first, second, third, fourth] = server.calls.map(({ call }) => call.prompt_hash);
  assert.match(first ?? "", /^[0-9a-f]{16}$/);
  assert.equal(second, first);
  assert.equal(new Set([first, third, fourth]).size, 3);
});

test("nothing that was said, and no key of a provider, is told to the server", async (t) => {
  const { server } = await metered(t, {
    path: "anthropic/v1/messages",
    body: { model: "m", messages: [{ role: "user", content: "hush" }], stream: true },
    answer: sse(answers.messageStream),
  });
  assert.doesNotMatch(JSON.stringify(server.calls), /hush|Let me look|sk-secret/);
});

test("a list of models passes and is not counted", async (t) => {
  const provider = await providerInTest(t, json({ object: "list", data: [] }));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const answer = await fetch(`${meter.url}/meter/bot/openai/v1/models`);
  assert.equal(answer.status, 200);
  await answer.text();
  await postJson(`${meter.url}/meter/bot/openai/v1/chat/completions`, chat);
  await until(() => server.calls.length > 0, "the chat");
  assert.equal(server.calls.length, 1);
});

test("usage in the shapes of the golden examples is read as the SDKs read it", () => {
  interface Example {
    readonly name: string;
    readonly usage: Record<string, unknown>;
    readonly row: Record<string, number> | null;
  }
  const file = new URL("../../protocol/golden/usage-shapes.json", import.meta.url);
  const examples = JSON.parse(readFileSync(file, "utf8")) as Example[];
  const readers = [
    [/^OpenAI chat/, chatUsage],
    [/^OpenAI responses/, responsesUsage],
    [/^Anthropic/, messagesUsage],
    [/^Gemini/, geminiUsage],
    [/^Ollama/, ollamaUsage],
  ] as const;
  let read = 0;
  for (const { name, usage, row } of examples) {
    const reader = readers.find(([pattern]) => pattern.test(name))?.[1];
    if (!reader || row === null) continue;
    read += 1;
    const counted = reader((usage["usage"] ?? usage["usageMetadata"] ?? usage) as Record<string, unknown>);
    assert.deepEqual(
      counted && [
        counted.inputTokens,
        counted.outputTokens,
        counted.cacheReadTokens,
        counted.cacheWriteTokens,
        counted.reasoningTokens,
      ],
      [
        row["input_tokens"],
        row["output_tokens"],
        row["cache_read_tokens"],
        row["cache_write_tokens"],
        row["reasoning_tokens"],
      ],
      name,
    );
  }
  assert.ok(read >= 5, `${read} examples were read`);
});

test("whole answers are counted as the library of price tables counts them", () => {
  const compared = [
    ["openai", "chat", answers.chatAnswer(), chatUsage],
    ["openai", "responses", answers.responsesAnswer, responsesUsage],
    ["anthropic", "default", answers.messageAnswer(), messagesUsage],
    ["google", "default", answers.geminiAnswer, geminiUsage],
  ] as const;
  for (const [providerId, flavor, answer, reader] of compared) {
    const provider = findProvider({ providerId });
    assert.ok(provider, providerId);
    const { usage } = extractUsage(provider, answer, flavor);
    const whole = answer as Record<string, unknown>;
    const ours = reader((whole["usage"] ?? whole["usageMetadata"]) as Record<string, unknown>);
    assert.deepEqual(
      [ours?.inputTokens, ours?.outputTokens, ours?.cacheReadTokens, ours?.cacheWriteTokens],
      ["input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens"].map((name) => usage[name] ?? 0),
      providerId,
    );
  }
});
