// What each sender tells, in its own words, and what it means.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { MeteredCall } from "@midwatch/core";
import { argsHash } from "../../../../sdks/typescript/src/tool-digest.ts";
import {
  bytesOf,
  logsJson,
  metricsJson,
  oneTrace,
  spanId,
  tracesJson,
  type Told,
  type ToldLog,
  type ToldPoint,
} from "../testing/otlp-messages.ts";
import { decodeTelemetry } from "./decode.ts";
import { logMeaning } from "./log-meaning.ts";
import { metricShares, type MetricTarget } from "./metric-meaning.ts";
import type { ResourceRecords, Signal } from "./records.ts";
import { spanMeaning, type SpanMeaning } from "./span-meaning.ts";

function recordsOf(signal: Signal, json: unknown): ResourceRecords {
  const decoded = decodeTelemetry(signal, "json", bytesOf(json));
  assert.ok(decoded.ok);
  return decoded.resources[0]!;
}

function span(name: string, attributes: Told): SpanMeaning | null {
  return spanMeaning(recordsOf("traces", tracesJson([{ span: "s", name, attributes }])).spans[0]!);
}

function log(one: ToldLog, resource: Told = {}, scope = "t"): MeteredCall | null {
  const records = recordsOf("logs", logsJson([one], resource, scope));
  return logMeaning(records.logs[0]!, records.resource);
}

/** Input, output, cache read, cache write, reasoning. */
function counts(call: MeteredCall | null | undefined): readonly number[] {
  assert.ok(call);
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = call;
  return [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens];
}

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

const providers: readonly (readonly [Told, string | null])[] = [
  [{ "gen_ai.provider.name": "azure.ai.openai", "gen_ai.system": "openai" }, "azure"],
  [{ "gen_ai.system": "az.ai.openai" }, "azure"],
  [{ "gen_ai.system": "vertex_ai" }, "google"],
  [{ "gen_ai.provider.name": "gcp.gemini" }, "google"],
  [{ "gen_ai.system": "xai" }, "x-ai"],
  [{ "gen_ai.provider.name": "x_ai" }, "x-ai"],
  [{ "gen_ai.provider.name": "aws.bedrock" }, "aws"],
  [{ "gen_ai.system": "OpenAI" }, "openai"],
  [{ "llm.provider": "mistralai" }, "mistral"],
  [{ "ai.model.provider": "google.generative-ai" }, "google"],
  [{ "ai.model.provider": "amazon-bedrock" }, "aws"],
  [{ "ai.model.provider": "anthropic.messages" }, "anthropic"],
  [{ "gen_ai.provider.name": "my-gateway" }, "my-gateway"],
  [{ "gen_ai.system": "_OTHER" }, null],
  [{}, null],
];

test("providers are spelled as the price tables spell them", () => {
  for (const [attributes, expected] of providers) {
    const meaning = span("chat", { ...chat, "gen_ai.usage.input_tokens": 1, ...attributes });
    assert.equal(meaning?.call.provider, expected, JSON.stringify(attributes));
  }
});

const odd: readonly (readonly [Told, readonly number[], RegExp])[] = [
  [{ "gen_ai.usage.input_tokens": -5, "gen_ai.usage.output_tokens": 2 }, [0, 2, 0, 0, 0], /negative/],
  [{ "gen_ai.usage.input_tokens": 2.7, "gen_ai.usage.output_tokens": 2 }, [2, 2, 0, 0, 0], /no whole number/],
  [{ "gen_ai.usage.input_tokens": 1e13, "gen_ai.usage.output_tokens": 2 }, [0, 2, 0, 0, 0], /beyond any honest count/],
  [{ "gen_ai.usage.input_tokens": "many", "gen_ai.usage.output_tokens": 2 }, [0, 2, 0, 0, 0], /is no number/],
  [
    { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2, "gen_ai.usage.cache_read.input_tokens": 50 },
    [10, 2, 10, 0, 0],
    /cached tokens exceed the input/,
  ],
  [
    { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2, "gen_ai.usage.reasoning_tokens": 50 },
    [10, 2, 0, 0, 2],
    /reasoning tokens exceed/,
  ],
  [
    { "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 2, "llm.usage.total_tokens": 90 },
    [10, 2, 0, 0, 0],
    /total says 90, its parts add up to 12/,
  ],
  [
    {
      "gen_ai.system": "anthropic",
      "gen_ai.usage.input_tokens": 10,
      "gen_ai.usage.output_tokens": 2,
      "gen_ai.usage.cache_read_input_tokens": 1_000,
    },
    [1_010, 2, 1_000, 0, 0],
    /stood beside the input/,
  ],
];

test("a count that cannot be is said, and put right", () => {
  for (const [attributes, expected, remark] of odd) {
    const call = span("chat", { ...chat, ...attributes })?.call;
    assert.deepEqual(counts(call), expected, JSON.stringify(attributes));
    assert.match(call?.remarks.join("; ") ?? "", remark);
  }
});

test("a cost that cannot be is left out", () => {
  for (const cost of [-1, Number.MAX_VALUE, "free"]) {
    const call = span("x", {
      "openinference.span.kind": "LLM",
      "llm.token_count.prompt": 1,
      "llm.cost.total": cost,
    })?.call;
    assert.deepEqual([call?.costUsdMicros, call?.remarks.length], [null, 1], String(cost));
  }
});

test("a tool's arguments have one digest, as an SDK would make it, however they are written", () => {
  const expected = argsHash({ query: "tides", page: 1 });
  const written: readonly Told[] = [
    { "gen_ai.tool.call.arguments": '{ "page": 1, "query": "tides" }' },
    { "gen_ai.tool.call.arguments": { query: "tides", page: 1 } },
  ];
  for (const args of written) {
    const meaning = span("execute_tool search", {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "search",
      ...args,
    });
    assert.equal(meaning?.is, "tool");
    assert.deepEqual(meaning.call.tools, [{ name: "search", argsHash: expected }]);
    assert.deepEqual([meaning.call.calls, ...counts(meaning.call)], [0, 0, 0, 0, 0, 0]);
  }
  const id = "call_0123456789abcdef";
  const result = log({
    event: "codex.tool_result",
    attributes: { tool_name: "search", call_id: id, arguments: '{"query":"tides","page":1}' },
  });
  assert.deepEqual([result?.key, result?.tools], [`tool/${id}`, [{ name: "search", argsHash: expected }]]);
  const bare = log({ event: "claude_code.tool_result", attributes: { tool_name: "Bash", success: "true" } });
  assert.deepEqual(bare?.tools, [{ name: "Bash", argsHash: null }], "a name alone is told without arguments");
  const text = span("t", { "openinference.span.kind": "TOOL", "tool.name": "ask", "input.value": "just words" });
  assert.deepEqual(text?.call.tools, [{ name: "ask", argsHash: argsHash("just words") }]);
});

function sums(json: unknown): Partial<Record<MetricTarget, number>> {
  const all: Partial<Record<MetricTarget, number>> = {};
  for (const { adds, value } of metricShares(recordsOf("metrics", json).points)) {
    for (const target of adds) all[target] = (all[target] ?? 0) + value;
  }
  return all;
}

test("metrics that count a part of another metric, or the same tokens again, add nothing", () => {
  const model = { "gen_ai.request.model": "gpt-5" };
  const one = (value: number, more: Told = {}): readonly ToldPoint[] => [{ value, attributes: { ...model, ...more } }];
  const measured = (count: number, more: Told = {}): readonly ToldPoint[] => [
    { value: 4.2, count, attributes: { ...model, ...more } },
  ];
  const json = metricsJson({
    "gen_ai.client.inference.usage.input_tokens": one(1_000),
    "gen_ai.client.inference.usage.output_tokens": one(200),
    "gen_ai.client.inference.usage.cache_read.input_tokens": one(600),
    "gen_ai.client.inference.operation.input_tokens": [{ value: 1_000, count: 2, attributes: model }],
    "gen_ai.client.token.usage": [{ value: 1_000, count: 2, attributes: { ...model, "gen_ai.token.type": "input" } }],
    "gen_ai.client.operation.duration": [...measured(2), ...measured(7, { "gen_ai.operation.name": "invoke_agent" })],
    "http.server.request.duration": measured(9),
  });
  assert.deepEqual(sums(json), { inputTokens: 1_000, outputTokens: 200, cacheReadTokens: 600, calls: 2 });
});

test("Claude Code's and Codex's metrics are read by their own types", () => {
  const points = (types: Readonly<Record<string, number>>, key: string) =>
    Object.entries(types).map(([type, value]) => ({ value, attributes: { [key]: type, model: "claude-sonnet-5" } }));
  const claude = metricsJson({
    "claude_code.token.usage": points({ input: 10, output: 20, cacheRead: 1_000, cacheCreation: 100 }, "type"),
    "claude_code.cost.usage": [{ value: 2, attributes: { model: "claude-sonnet-5" } }],
  });
  assert.deepEqual(sums(claude), {
    inputTokens: 1_110,
    outputTokens: 20,
    cacheReadTokens: 1_000,
    cacheWriteTokens: 100,
    costUsd: 2,
  });
  const types = { total: 120, input: 100, cached_input: 60, output: 20, reasoning_output: 5 };
  const codex = metricsJson({ "codex.turn.token_usage": points(types, "token_type") });
  assert.deepEqual(sums(codex), { inputTokens: 100, cacheReadTokens: 60, outputTokens: 20, reasoningTokens: 5 });
});

test("traces that are sampled show it", () => {
  const sampled = (more: Told) => recordsOf("traces", tracesJson([{ span: "s", ...more }])).spans[0]!.sampled;
  assert.equal(sampled({ flags: 0x101 }), false);
  assert.equal(sampled({ flags: 0 }), false, "a sender that sets no flags says nothing");
  assert.equal(sampled({ flags: 0x100 }), true);
  assert.equal(sampled({ traceState: "ot=th:8" }), true);
  assert.equal(sampled({ traceState: "ot=th:0" }), false);
  assert.equal(sampled({ attributes: { "sampler.param": 0.1 } }), true);
  assert.equal(sampled({ attributes: { SampleRate: 1 } }), false);
});
