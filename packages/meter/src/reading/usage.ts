// What providers call their counts. They disagree on what the input includes; here it always includes what came from the cache, and the
// output always includes reasoning. Own code and no library: the same counts are needed from pieces of streams, and the price tables
// of a library would weigh 22 MB in a process that never prices anything. Tests hold it to the answers of that library.

import type { CallTokens } from "@midwatch/core";
import { countIn, isObject, objectIn, type JsonObject } from "./json.ts";

/** OpenAI's chats and embeddings, and all who copy them. */
export function chatUsage(usage: unknown): CallTokens | null {
  if (!isObject(usage)) return null;
  const prompt = objectIn(usage["prompt_tokens_details"]);
  const completion = objectIn(usage["completion_tokens_details"]);
  return tokens({
    input: usage["prompt_tokens"],
    output: usage["completion_tokens"],
    // DeepSeek counts hits of its cache beside.
    cacheRead: prompt["cached_tokens"] ?? usage["prompt_cache_hit_tokens"],
    cacheWrite: prompt["cache_write_tokens"],
    reasoning: completion["reasoning_tokens"],
  });
}

export function responsesUsage(usage: unknown): CallTokens | null {
  if (!isObject(usage)) return null;
  const input = objectIn(usage["input_tokens_details"]);
  return tokens({
    input: usage["input_tokens"],
    output: usage["output_tokens"],
    cacheRead: input["cached_tokens"],
    cacheWrite: input["cache_write_tokens"],
    reasoning: objectIn(usage["output_tokens_details"])["reasoning_tokens"],
  });
}

/** Three disjoint counts of input. */
export function messagesUsage(usage: JsonObject): CallTokens | null {
  const read = countIn(usage["cache_read_input_tokens"]) ?? 0;
  const write = countIn(usage["cache_creation_input_tokens"]) ?? 0;
  const fresh = countIn(usage["input_tokens"]);
  return tokens({
    input: fresh === null && read + write === 0 ? undefined : (fresh ?? 0) + read + write,
    output: usage["output_tokens"],
    cacheRead: read,
    cacheWrite: write,
    reasoning: objectIn(usage["output_tokens_details"])["thinking_tokens"],
  });
}

/** Thoughts stand beside the candidates, and what tools brought in beside the prompt. */
export function geminiUsage(usage: unknown): CallTokens | null {
  if (!isObject(usage)) return null;
  const thoughts = countIn(usage["thoughtsTokenCount"]) ?? 0;
  const fromTools = countIn(usage["toolUsePromptTokenCount"]) ?? 0;
  const prompt = countIn(usage["promptTokenCount"]);
  const candidates = countIn(usage["candidatesTokenCount"]);
  return tokens({
    input: prompt === null ? undefined : prompt + fromTools,
    output: candidates === null && thoughts === 0 ? undefined : (candidates ?? 0) + thoughts,
    cacheRead: usage["cachedContentTokenCount"],
    cacheWrite: 0,
    reasoning: thoughts,
  });
}

/** A prompt that lay in the cache may have no count. */
export function ollamaUsage(answer: JsonObject): CallTokens | null {
  return tokens({
    input: answer["prompt_eval_count"],
    output: answer["eval_count"],
    cacheRead: 0,
    cacheWrite: 0,
    reasoning: 0,
  });
}

function tokens(given: {
  readonly input: unknown;
  readonly output: unknown;
  readonly cacheRead: unknown;
  readonly cacheWrite: unknown;
  readonly reasoning: unknown;
}): CallTokens | null {
  const input = countIn(given.input);
  const output = countIn(given.output);
  if (input === null && output === null) return null;
  return {
    inputTokens: input ?? 0,
    outputTokens: output ?? 0,
    cacheReadTokens: countIn(given.cacheRead) ?? 0,
    cacheWriteTokens: countIn(given.cacheWrite) ?? 0,
    reasoningTokens: countIn(given.reasoning) ?? 0,
  };
}
