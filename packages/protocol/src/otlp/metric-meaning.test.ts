import assert from "node:assert/strict";
import { test } from "node:test";
import { sums } from "../testing/otlp-meanings.ts";
import { metricsJson, type Told, type ToldPoint } from "../testing/otlp-messages.ts";

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
