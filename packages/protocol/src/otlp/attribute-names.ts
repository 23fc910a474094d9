// One table for every generation of names. The conventions for generative AI have been renamed several times, and every
// framework has names of its own; the wild contains all of them at once. The first name that is present wins.

const gemini = ["cached_content_token_count", "thoughts_token_count", "tool_token_count", "total_token_count"] as const;

/** Names of counts, by what they count; each list from the newest and most exact to the oldest. */
export const countNames = {
  input: [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "input_tokens",
    "input_token_count",
  ],
  output: [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "output_tokens",
    "output_token_count",
  ],
  cacheRead: [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.input_tokens.cached",
    "gen_ai.usage.details.cache_read_tokens",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
    "cache_read_tokens",
    "cached_token_count",
    gemini[0],
  ],
  cacheWrite: [
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "cache_creation_tokens",
  ],
  reasoning: [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
    "codex.usage.reasoning_output_tokens",
    "reasoning_token_count",
    gemini[1],
  ],
  /** Used only where the parts are missing, and to check them where they are not. */
  total: [
    "gen_ai.usage.total_tokens",
    "llm.usage.total_tokens",
    "llm.token_count.total",
    "ai.usage.totalTokens",
    "ai.usage.tokens",
    gemini[3],
  ],
  /** Gemini's prompt of tool results: beside the input, not in it. */
  toolInput: [gemini[2]],
} as const;

export type CountName = keyof typeof countNames;

/** Names of texts. */
export const textNames = {
  model: [
    "gen_ai.response.model",
    "gen_ai.request.model",
    "llm.model_name",
    "embedding.model_name",
    "ai.response.model",
    "ai.model.id",
    "model",
  ],
  provider: ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "ai.model.provider"],
  operation: ["gen_ai.operation.name"],
  spanKind: ["openinference.span.kind", "traceloop.span.kind"],
  requestType: ["llm.request.type"],
  aiOperation: ["ai.operationId"],
  answerId: ["gen_ai.response.id", "ai.response.id", "response_id"],
  requestId: ["request_id"],
  session: [
    "gen_ai.conversation.id",
    "session.id",
    "conversation.id",
    "traceloop.association.properties.session_id",
    "ai.telemetry.metadata.sessionId",
  ],
  tool: ["gen_ai.tool.name", "tool.name", "ai.toolCall.name", "tool_name", "function_name", "traceloop.entity.name"],
  toolCall: ["gen_ai.tool.call.id", "tool_call.id", "ai.toolCall.id", "call_id", "tool_use_id"],
  eventName: ["event.name"],
  eventKind: ["event.kind"],
  eventTime: ["event.timestamp"],
  prompt: ["prompt.id", "prompt_id"],
  mcpMethod: ["mcp.method.name"],
} as const;

export type TextName = keyof typeof textNames;

/** Arguments of tools: long at times, so they are read only when a tool's execution asks for them. */
export const argumentNames = [
  "gen_ai.tool.call.arguments",
  "ai.toolCall.args",
  "tool_input",
  "tool_parameters",
  "function_args",
  "arguments",
  "input.value",
  "traceloop.entity.input",
] as const;

export const costNames = { micros: "cost_usd_micros", dollars: ["cost_usd", "llm.cost.total"] } as const;

/** Attributes by which sampling shows, and the value that means "all of them". */
export const samplingNames: Readonly<Record<string, number>> = {
  "sampling.probability": 1,
  "sampler.param": 1,
  SampleRate: 1,
  "microsoft.sample_rate": 100,
};

const others = ["codex.usage.total_tokens", "event.sequence", costNames.micros] as const;

/** Every attribute of a span or log record that is worth decoding. */
export const wantedNames: ReadonlySet<string> = new Set([
  ...Object.values(countNames).flat(),
  ...Object.values(textNames).flat(),
  ...costNames.dollars,
  ...Object.keys(samplingNames),
  ...others,
]);

export const lateNames: ReadonlySet<string> = new Set(argumentNames);
