// What each sender tells, in its own words, and what it means.

import assert from "node:assert/strict";
import { test } from "node:test";
import { argsHash } from "../../../../sdks/typescript/src/tool-digest.ts";
import { counts, log, span, sums } from "../testing/otlp-meanings.ts";
import { metricsJson, oneTrace, spanId, type Told, type ToldPoint } from "../testing/otlp-messages.ts";

const chat = { "gen_ai.operation.name": "chat" };

const generations: readonly (readonly [string, Told, readonly number[]])[] = [
  [
    "today's convention",
    {
      ...chat,
      "gen_ai.usage.input_tokens": 1_000,
      "gen_ai.usage.output_tokens": 200,
      "gen_ai.usage.cache_read.input_tokens": 600,
      "gen_ai.usage.cache_write.input_tokens": 100,
      "gen_ai.usage.reasoning.output_tokens": 50,
    },
    [1_000, 200, 600, 100, 50],
  ],
  [
    "the convention before the rename of cache writes",
    {
      ...chat,
      "gen_ai.usage.input_tokens": 1_000,
      "gen_ai.usage.output_tokens": 200,
      "gen_ai.usage.cache_creation.input_tokens": 100,
    },
    [1_000, 200, 0, 100, 0],
  ],
  [
    "the deprecated convention",
    { ...chat, "gen_ai.usage.prompt_tokens": 10, "gen_ai.usage.completion_tokens": 2 },
    [10, 2, 0, 0, 0],
  ],
  [
    "OpenLLMetry",
    {
      "llm.request.type": "chat",
      "gen_ai.usage.prompt_tokens": 1_000,
      "gen_ai.usage.completion_tokens": 200,
      "gen_ai.usage.cache_read_input_tokens": 600,
      "gen_ai.usage.reasoning_tokens": 9,
      "llm.usage.total_tokens": 1_200,
    },
    [1_000, 200, 600, 0, 9],
  ],
  [
    "OpenInference",
    {
      "openinference.span.kind": "LLM",
      "llm.token_count.prompt": 1_000,
      "llm.token_count.completion": 200,
      "llm.token_count.total": 1_200,
      "llm.token_count.prompt_details.cache_read": 600,
      "llm.token_count.completion_details.reasoning": 9,
    },
    [1_000, 200, 600, 0, 9],
  ],
  [
    "Sentry",
    {
      ...chat,
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 5,
      "gen_ai.usage.input_tokens.cached": 4,
      "gen_ai.usage.output_tokens.reasoning": 3,
    },
    [10, 5, 4, 0, 3],
  ],
  ["only a total", { ...chat, "gen_ai.usage.total_tokens": 70 }, [70, 0, 0, 0, 0]],
  [
    "a total and the output",
    { ...chat, "llm.usage.total_tokens": 70, "gen_ai.usage.output_tokens": 30 },
    [40, 30, 0, 0, 0],
  ],
];

for (const [generation, attributes, expected] of generations) {
  test(`a span in the words of ${generation} means its tokens`, () => {
    const meaning = span("chat gpt-5", attributes);
    assert.equal(meaning?.is, "inference");
    assert.deepEqual(counts(meaning.call), expected);
  });
}

test("Claude Code tells one request as log, span and metric; its cache stands beside the input", () => {
  const usage = { input_tokens: 10, output_tokens: 20, cache_read_tokens: 1_000, cache_creation_tokens: 100 };
  const attributes = {
    ...usage,
    model: "claude-sonnet-5",
    request_id: "req_011CSHoEeqs5C35K2UUqR7Fy",
    "session.id": "s-1",
  };
  const event = {
    body: "claude_code.api_request",
    attributes: { ...attributes, "event.name": "api_request", cost_usd: 0.0042 },
  };
  const told = log(event);
  assert.deepEqual(counts(told), [1_110, 20, 1_000, 100, 0]);
  assert.deepEqual(
    [told?.key, told?.provider, told?.costUsdMicros, told?.session, told?.source],
    ["req_011CSHoEeqs5C35K2UUqR7Fy", "anthropic", 4_200, "s-1", "log"],
  );
  assert.deepEqual(told?.remarks, []);
  const request = span("claude_code.llm_request", { ...attributes, "gen_ai.request.model": "claude-sonnet-5" });
  assert.equal(request?.is, "inference");
  assert.deepEqual(counts(request.call), [1_110, 20, 1_000, 100, 0]);
  assert.equal(request.call.key, told.key, "the same request has the same key");
  assert.equal(span("claude_code.interaction", attributes), null);
  const micros = log({ ...event, attributes: { ...event.attributes, cost_usd_micros: 4_201 } });
  assert.equal(micros?.costUsdMicros, 4_201, "the exact figure is preferred");
});

test("Codex writes its counts as text, and tells them once a response is complete", () => {
  const attributes = {
    "event.name": "codex.sse_event",
    "event.kind": "response.completed",
    "event.timestamp": "2026-11-24T03:00:00.000Z",
    "conversation.id": "c-1",
    model: "gpt-5-codex",
    input_token_count: "1500",
    output_token_count: "340",
    cached_token_count: 1_000,
    reasoning_token_count: 64,
    tool_token_count: "1840",
  };
  const call = log({ attributes });
  assert.deepEqual(counts(call), [1_500, 340, 1_000, 0, 64]);
  assert.match(call?.key ?? "", /^c-1\/2026-11-24T03:00:00.000Z\//);
  assert.deepEqual([call?.session, call?.provider], ["c-1", "openai"]);
  assert.equal(log({ attributes: { ...attributes, "event.kind": "response.output_text.delta" } }), null);
  assert.equal(log({ attributes })?.key, call?.key, "told again it is the same");
  assert.notEqual(
    log({ attributes: { ...attributes, "event.timestamp": "2026-11-24T03:00:01.000Z" } })?.key,
    call?.key,
  );
  // Its spans carry usage without saying what they are.
  const response = span("handle_responses", {
    "gen_ai.usage.input_tokens": 7,
    "gen_ai.usage.output_tokens": 1,
    "codex.usage.total_tokens": 8,
  });
  assert.equal(response?.is, "inference");
});

test("of Gemini CLI's five tellings of a call, each signal counts one, and thoughts are output", () => {
  const attributes = {
    model: "gemini-3-pro",
    input_token_count: 1_000,
    output_token_count: 100,
    cached_content_token_count: 400,
    thoughts_token_count: 50,
    tool_token_count: 30,
    total_token_count: 1_180,
    "session.id": "s-1",
  };
  const resource = { "service.name": "gemini-cli" };
  const own = log({ event: "gemini_cli.api_response", attributes }, resource, "gemini-cli");
  assert.deepEqual(counts(own), [1_030, 150, 400, 0, 50]);
  assert.deepEqual([own?.provider, own?.remarks], ["google", []]);
  const conventional = { "gen_ai.usage.input_tokens": 1_000, "gen_ai.usage.output_tokens": 100 };
  const details = { event: "gen_ai.client.inference.operation.details", attributes: conventional };
  assert.equal(log(details, resource, "gemini-cli"), null);
  assert.deepEqual(counts(log(details)), [1_000, 100, 0, 0, 0], "of anybody else it counts");
  const call = span("llm_call", { "gen_ai.operation.name": "llm_call", ...conventional });
  assert.equal(call?.is, "inference");
  const points = (types: Readonly<Record<string, number>>, key: string): readonly ToldPoint[] =>
    Object.entries(types).map(([type, value]) => ({ value, attributes: { [key]: type, model: "gemini-3-pro" } }));
  const metrics = metricsJson({
    "gemini_cli.token.usage": points({ input: 1_000, output: 100, thought: 50, cache: 400, tool: 30 }, "type"),
    "gen_ai.client.token.usage": points({ input: 1_000, output: 150 }, "gen_ai.token.type"),
  });
  assert.deepEqual(sums(metrics), { inputTokens: 1_030, outputTokens: 150, reasoningTokens: 50, cacheReadTokens: 400 });
});

test("of the AI SDK only the inner spans are calls, in every major version", () => {
  const v4 = {
    "ai.usage.promptTokens": 1_000,
    "ai.usage.completionTokens": 200,
    "ai.model.id": "gpt-5",
    "ai.model.provider": "openai.chat",
  };
  const inner = span("ai.generateText.doGenerate", { ...v4, "ai.operationId": "ai.generateText.doGenerate" });
  assert.equal(inner?.is, "inference");
  assert.deepEqual(counts(inner.call), [1_000, 200, 0, 0, 0]);
  assert.deepEqual([inner.call.provider, inner.call.model], ["openai", "gpt-5"]);
  assert.equal(span("ai.generateText", { ...v4, "ai.operationId": "ai.generateText" })?.is, "sum");
  const v6 = {
    "ai.operationId": "ai.streamText.doStream",
    "ai.usage.inputTokens": 1_000,
    "ai.usage.outputTokens": 200,
    "ai.usage.inputTokenDetails.cacheReadTokens": 600,
    "ai.usage.inputTokenDetails.cacheWriteTokens": 10,
    "ai.usage.outputTokenDetails.reasoningTokens": 80,
    "ai.usage.totalTokens": 1_200,
    "ai.response.id": "resp_0123456789abcdef",
  };
  const streamed = span("ai.streamText.doStream", v6);
  assert.deepEqual([streamed?.is, streamed?.call.key], ["inference", "resp_0123456789abcdef"]);
  assert.deepEqual(counts(streamed?.call), [1_000, 200, 600, 10, 80]);
  const embedded = span("ai.embed.doEmbed", { "ai.operationId": "ai.embed.doEmbed", "ai.usage.tokens": 12 });
  assert.deepEqual(counts(embedded?.call), [12, 0, 0, 0, 0]);
  const v7 = { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 5, "gen_ai.usage.output_tokens": 1 };
  assert.equal(span("chat gpt-5", v7)?.is, "inference");
  assert.equal(span("invoke_agent", { ...v7, "gen_ai.operation.name": "invoke_agent" })?.is, "sum");
  const call = { "ai.operationId": "ai.toolCall", "ai.toolCall.name": "search", "ai.toolCall.args": '{"b":1,"a":[2]}' };
  assert.deepEqual(span("ai.toolCall", call)?.call.tools, [{ name: "search", argsHash: argsHash({ a: [2], b: 1 }) }]);
});

test("spans of agents, chains and workflows may be sums, whoever tells them", () => {
  const usage = { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1 };
  for (const kind of [
    { "gen_ai.operation.name": "invoke_agent" },
    { "gen_ai.operation.name": "invoke_workflow" },
    { "openinference.span.kind": "AGENT" },
    { "openinference.span.kind": "CHAIN" },
    { "traceloop.span.kind": "workflow" },
    {},
  ]) {
    assert.equal(span("run", { ...usage, ...kind })?.is, "sum", JSON.stringify(kind));
  }
  assert.equal(span("fetch", { ...usage, "gen_ai.operation.name": "fetch_response" }), null, "an answer fetched later");
  assert.equal(span("retrieve", { "gen_ai.operation.name": "retrieval" }), null, "no usage");
});

test("a sum has a key of its own, although it names the answer of its last call", () => {
  const attributes = {
    "ai.operationId": "ai.generateText",
    "ai.usage.inputTokens": 1,
    "ai.response.id": "resp_0123456789abcdef",
  };
  assert.equal(span("ai.generateText", attributes)?.call.key, `${oneTrace}/${spanId("s")}`);
});

test("an id of an answer that can come again is no key", () => {
  const usage = { ...chat, "gen_ai.usage.input_tokens": 10 };
  const own = `${oneTrace}/${spanId("s")}`;
  assert.equal(span("chat", { ...usage, "gen_ai.response.id": "chatcmpl-342" })?.call.key, own);
  assert.equal(span("chat", usage)?.call.key, own);
  assert.equal(log({ event: "gen_ai.client.inference.operation.details", attributes: usage, span: "s" })?.key, own);
});
