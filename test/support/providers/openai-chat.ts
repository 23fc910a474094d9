import {
  answeringModel,
  created,
  sse,
  text,
  toolArgs,
  toolName,
  type Dialect,
  type Fields,
  type Reply,
} from "./dialect.ts";

/** OpenAI's chat completions. A stream tells its usage only to who asks, in a last chunk without choices. */
export const openAiChat: Dialect = {
  provider: "openai",
  classes: ["cacheRead", "reasoning"],
  streamType: "text/event-stream; charset=utf-8",
  ask: (path, body) =>
    path === "/v1/chat/completions"
      ? {
          model: text(body["model"]),
          streams: body["stream"] === true,
          wantsUsage:
            body["stream"] !== true || (body["stream_options"] as Fields | undefined)?.["include_usage"] === true,
        }
      : null,
  whole: (reply) => wholeChat(reply, chatUsage(reply)),
  stream: (reply) => chatStream(reply, chatUsage(reply)),
};

export function chatUsage({ usage }: Reply): Fields {
  return {
    prompt_tokens: usage.input,
    completion_tokens: usage.output,
    total_tokens: usage.input + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning, audio_tokens: 0 },
  };
}

export function wholeChat(reply: Reply, usage: Fields): Fields {
  const call = { id: "call_1", type: "function", function: { name: toolName, arguments: JSON.stringify(toolArgs) } };
  return {
    id: reply.id,
    object: "chat.completion",
    created,
    model: answeringModel(reply.model),
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: reply.pieces.join(""),
          refusal: null,
          ...(reply.callsTool ? { tool_calls: [call] } : {}),
        },
        logprobs: null,
        finish_reason: reply.callsTool ? "tool_calls" : "stop",
      },
    ],
    ...(reply.tellsUsage ? { usage } : {}),
  };
}

export function chatStream(reply: Reply, usage: Fields): readonly string[] {
  const chunk = (choices: unknown[], more: Fields = {}): string =>
    sse({
      id: reply.id,
      object: "chat.completion.chunk",
      created,
      model: answeringModel(reply.model),
      choices,
      ...(reply.tellsUsage ? { usage: null } : {}),
      ...more,
    });
  const choice = (delta: Fields, reason: string | null = null): unknown => ({
    index: 0,
    delta,
    logprobs: null,
    finish_reason: reason,
  });
  const call = (more: Fields, made: Fields): string =>
    chunk([choice({ tool_calls: [{ index: 0, ...more, function: made }] })]);
  const args = JSON.stringify(toolArgs);
  return [
    chunk([choice({ role: "assistant", content: "" })]),
    ...reply.pieces.map((piece) => chunk([choice({ content: piece })])),
    ...(reply.callsTool
      ? [
          call({ id: "call_1", type: "function" }, { name: toolName, arguments: "" }),
          call({}, { arguments: args.slice(0, 5) }),
          call({}, { arguments: args.slice(5) }),
        ]
      : []),
    chunk([choice({}, reply.callsTool ? "tool_calls" : "stop")]),
    ...(reply.tellsUsage ? [chunk([], { usage })] : []),
    "data: [DONE]\n\n",
  ];
}
