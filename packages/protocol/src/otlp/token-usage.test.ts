import assert from "node:assert/strict";
import { test } from "node:test";
import { counts, span } from "../testing/otlp-meanings.ts";
import type { Told } from "../testing/otlp-messages.ts";

const chat = { "gen_ai.operation.name": "chat" };

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
