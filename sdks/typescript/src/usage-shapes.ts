/**
 * Every provider counts tokens under its own names, and they disagree on one thing that matters: whether the input count
 * already includes what came from the cache (OpenAI, Gemini, AI SDK: yes; Anthropic and Bedrock: no), and whether the
 * output includes reasoning (Gemini: no). On the wire both are always included.
 */

/** One row of `usage` on the wire. */
export interface UsageRow {
  readonly provider?: string;
  readonly model?: string;
  /** Includes cache tokens. */
  readonly input_tokens: number;
  /** Includes reasoning tokens. */
  readonly output_tokens: number;
  readonly cache_read_tokens: number;
  readonly cache_write_tokens: number;
  readonly reasoning_tokens: number;
  readonly calls: number;
  /** Absent means unpriced. */
  readonly cost_usd?: number;
}

export type Fields = Readonly<Record<string, unknown>>;

interface Counts {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/**
 * Reads what a provider's answer, its usage object, or our own row says; null when no count is recognised. A whole answer
 * works too: its `model` is taken along. Never throws.
 */
export function usageRow(given: unknown): UsageRow | null {
  try {
    return readRow(given);
  } catch {
    // A getter of somebody's object threw: then nothing is recognised.
    return null;
  }
}

function readRow(given: unknown): UsageRow | null {
  const outer = fieldsOf(given);
  if (outer === null) return null;
  const wrapped = fieldsOf(outer["usage"]) ?? fieldsOf(outer["usageMetadata"]) ?? fieldsOf(outer["usage_metadata"]);
  const inner = wrapped ?? outer;
  const counts = countsOf(inner);
  if (counts === null) return null;
  const provider = text(inner["provider"]) ?? text(outer["provider"]);
  const model = text(inner["model"]) ?? text(outer["model"]) ?? text(outer["modelVersion"]);
  const cost = money(inner["cost_usd"]) ?? money(inner["cost"]);
  return {
    ...(provider === undefined ? {} : { provider }),
    ...(model === undefined ? {} : { model }),
    input_tokens: counts.input,
    output_tokens: counts.output,
    cache_read_tokens: counts.cacheRead,
    cache_write_tokens: counts.cacheWrite,
    reasoning_tokens: counts.reasoning,
    calls: "calls" in inner ? count(inner["calls"]) : 1,
    ...(cost === undefined ? {} : { cost_usd: cost }),
  };
}

function countsOf(usage: Fields): Counts | null {
  if (has(usage, "prompt_tokens", "completion_tokens")) return openAiChat(usage);
  if (has(usage, "input_tokens", "output_tokens")) return snakeCase(usage);
  if (has(usage, "inputTokens", "outputTokens")) return camelCase(usage);
  if (has(usage, "promptTokenCount", "candidatesTokenCount")) return gemini(usage);
  if (has(usage, "promptTokens", "completionTokens")) {
    return plain(count(usage["promptTokens"]), count(usage["completionTokens"]));
  }
  if (has(usage, "prompt_eval_count", "eval_count")) {
    return plain(count(usage["prompt_eval_count"]), count(usage["eval_count"]));
  }
  return null;
}

function openAiChat(usage: Fields): Counts {
  const prompt = fieldsOf(usage["prompt_tokens_details"]) ?? {};
  const completion = fieldsOf(usage["completion_tokens_details"]) ?? {};
  return {
    input: count(usage["prompt_tokens"]),
    output: count(usage["completion_tokens"]),
    cacheRead: count(prompt["cached_tokens"]),
    cacheWrite: count(prompt["cache_write_tokens"]),
    reasoning: count(completion["reasoning_tokens"]),
  };
}

/** Our own rows, Anthropic and OpenAI responses share names; the cache fields tell them apart. */
function snakeCase(usage: Fields): Counts {
  const input = fieldsOf(usage["input_tokens_details"]) ?? {};
  const output = fieldsOf(usage["output_tokens_details"]) ?? {};
  const outsideRead = count(usage["cache_read_input_tokens"]);
  const outsideWrite = count(usage["cache_creation_input_tokens"]);
  return {
    input: count(usage["input_tokens"]) + outsideRead + outsideWrite,
    output: count(usage["output_tokens"]),
    cacheRead: outsideRead || count(usage["cache_read_tokens"]) || count(input["cached_tokens"]),
    cacheWrite: outsideWrite || count(usage["cache_write_tokens"]) || count(input["cache_write_tokens"]),
    reasoning: count(usage["reasoning_tokens"]) || count(output["reasoning_tokens"]),
  };
}

/** AI SDK in its versions, and Bedrock Converse, whose cache stands outside. */
function camelCase(usage: Fields): Counts {
  const nestedInput = fieldsOf(usage["inputTokens"]) ?? {};
  const nestedOutput = fieldsOf(usage["outputTokens"]) ?? {};
  const input = fieldsOf(usage["inputTokenDetails"]) ?? {};
  const output = fieldsOf(usage["outputTokenDetails"]) ?? {};
  const outsideRead = count(usage["cacheReadInputTokens"]);
  const outsideWrite = count(usage["cacheWriteInputTokens"]);
  const first = (...candidates: unknown[]): number => candidates.map(count).find((number) => number > 0) ?? 0;
  return {
    input: first(usage["inputTokens"], nestedInput["total"]) + outsideRead + outsideWrite,
    output: first(usage["outputTokens"], nestedOutput["total"]),
    cacheRead: first(outsideRead, usage["cachedInputTokens"], input["cacheReadTokens"], nestedInput["cacheRead"]),
    cacheWrite: first(outsideWrite, input["cacheWriteTokens"], nestedInput["cacheWrite"]),
    reasoning: first(usage["reasoningTokens"], output["reasoningTokens"], nestedOutput["reasoning"]),
  };
}

function gemini(usage: Fields): Counts {
  const thoughts = count(usage["thoughtsTokenCount"]);
  return {
    input: count(usage["promptTokenCount"]) + count(usage["toolUsePromptTokenCount"]),
    output: count(usage["candidatesTokenCount"]) + thoughts,
    cacheRead: count(usage["cachedContentTokenCount"]),
    cacheWrite: 0,
    reasoning: thoughts,
  };
}

function plain(input: number, output: number): Counts {
  return { input, output, cacheRead: 0, cacheWrite: 0, reasoning: 0 };
}

function has(fields: Fields, ...names: readonly string[]): boolean {
  return names.some((name) => fields[name] !== undefined && fields[name] !== null);
}

/** The fields of an object; null for everything else. */
export function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The largest count the wire takes: 10¹². */
export const MAX_COUNT = 1_000_000_000_000;

/** A call that costs more than this was misread. */
const MAX_COST_USD = 1_000_000;

/** A whole number within the wire's bounds; what is no number counts as nothing. */
export function count(value: unknown): number {
  if (typeof value !== "number" || !(value > 0)) return 0;
  return Math.min(MAX_COUNT, Math.round(value));
}

function money(value: unknown): number | undefined {
  return typeof value === "number" && value >= 0 && value <= MAX_COST_USD ? value : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 128) : undefined;
}
