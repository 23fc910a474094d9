// Answers of providers, shaped as they document them.

const chatId = "chatcmpl-ABCDEFGHIJKLMNOPQRSTUVWXYZ012";

function chatAnswer(id = chatId): object {
  return {
    id,
    object: "chat.completion",
    model: "gpt-5.6-mini-2026-08-01",
    choices: [
      {
        index: 0,
        finish_reason: "tool_calls",
        message: {
          role: "assistant",
          content: null,
          tool_calls: [
            {
              id: "call_1",
              type: "function",
              function: { name: "db_query", arguments: '{"b":1,"a":[2,{"d":3,"c":4}]}' },
            },
          ],
        },
      },
    ],
    usage: {
      prompt_tokens: 1_000,
      completion_tokens: 50,
      total_tokens: 1_050,
      prompt_tokens_details: { cached_tokens: 800 },
      completion_tokens_details: { reasoning_tokens: 20 },
    },
  };
}

function chunk(more: object): string {
  return `data: ${JSON.stringify({ id: chatId, object: "chat.completion.chunk", model: "gpt-5.6-mini", ...more })}\n\n`;
}

const chatUsageChunk = chunk({
  choices: [],
  usage: { prompt_tokens: 9, completion_tokens: 12, total_tokens: 21 },
});

/** With a tool call in pieces. The chunk that only tells the usage stands before the end. */
const chatStream: readonly string[] = [
  chunk({ choices: [{ index: 0, delta: { role: "assistant", content: "Grüße, " } }], usage: null }),
  chunk({
    choices: [
      {
        index: 0,
        delta: { tool_calls: [{ index: 0, id: "c", function: { name: "db_query", arguments: '{"b":1,' } }] },
      },
    ],
    usage: null,
  }),
  ": keeps the line open\n\n",
  chunk({
    choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '"a":[2,{"d":3,"c":4}]}' } }] } }],
    usage: null,
  }),
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }], usage: null }),
  chatUsageChunk,
  "data: [DONE]\n\n",
];

const messageId = "msg_01ABCDEFGHIJKLMNOPQRSTUV";

function messageAnswer(): object {
  return {
    id: messageId,
    type: "message",
    model: "claude-sonnet-5",
    content: [
      { type: "text", text: "Let me look." },
      { type: "tool_use", id: "toolu_1", name: "db_query", input: { b: 1, a: [2, { d: 3, c: 4 }] } },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 10, cache_creation_input_tokens: 100, cache_read_input_tokens: 1_000, output_tokens: 20 },
  };
}

function event(type: string, more: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
}

const messageStream: readonly string[] = [
  event("message_start", {
    message: {
      id: messageId,
      type: "message",
      model: "claude-sonnet-5",
      usage: { input_tokens: 10, cache_creation_input_tokens: 100, cache_read_input_tokens: 1_000, output_tokens: 1 },
    },
  }),
  event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  event("content_block_delta", { index: 0, delta: { type: "text_delta", text: "Let me look, please." } }),
  event("content_block_start", { index: 1, content_block: { type: "tool_use", id: "t", name: "db_query", input: {} } }),
  event("content_block_delta", { index: 1, delta: { type: "input_json_delta", partial_json: '{"b":1,"a":[2,' } }),
  event("content_block_delta", { index: 1, delta: { type: "input_json_delta", partial_json: '{"d":3,"c":4}]}' } }),
  event("message_delta", { delta: { stop_reason: "tool_use" }, usage: { output_tokens: 20, input_tokens: null } }),
  event("message_stop", {}),
];

const responseId = "resp_0123456789abcdef0123456789";

function response(status: string): object {
  return {
    id: responseId,
    object: "response",
    status,
    model: "gpt-5.6",
    output: [{ type: "function_call", name: "db_query", arguments: '{"b":1,"a":[2,{"d":3,"c":4}]}' }],
    usage:
      status === "in_progress"
        ? null
        : {
            input_tokens: 30,
            input_tokens_details: { cached_tokens: 10 },
            output_tokens: 7,
            output_tokens_details: { reasoning_tokens: 5 },
          },
  };
}

const responsesAnswer = response("completed");

const responsesStream: readonly string[] = [
  event("response.created", { response: response("in_progress") }),
  event("response.output_text.delta", { delta: "Hello" }),
  event("response.completed", { response: response("completed") }),
];

function geminiPart(more: object): object {
  return { responseId: "vAbCdEfGhIjKlMnOpQrStUv", modelVersion: "gemini-3.1-pro", ...more };
}

const geminiAnswer = geminiPart({
  candidates: [
    {
      content: { parts: [{ functionCall: { name: "db_query", args: { b: 1, a: [2, { d: 3, c: 4 }] } } }] },
      finishReason: "STOP",
    },
  ],
  usageMetadata: { promptTokenCount: 40, cachedContentTokenCount: 15, candidatesTokenCount: 20, thoughtsTokenCount: 7 },
});

const geminiStream: readonly string[] = [
  geminiPart({
    candidates: [{ content: { parts: [{ text: "Hm" }] } }],
    usageMetadata: { promptTokenCount: 40, candidatesTokenCount: 2 },
  }),
  geminiAnswer,
].map((part) => `data: ${JSON.stringify(part)}\r\n\r\n`);

const ollamaStream: readonly string[] = [
  { model: "qwen3", message: { role: "assistant", content: "Hm" }, done: false },
  {
    model: "qwen3",
    message: { tool_calls: [{ function: { name: "db_query", arguments: { b: 1, a: [2, { d: 3, c: 4 }] } } }] },
    done: false,
  },
  { model: "qwen3", message: { content: "" }, done: true, prompt_eval_count: 26, eval_count: 298 },
].map((line) => `${JSON.stringify(line)}\n`);

export const answers = {
  chatId,
  chatAnswer,
  chatUsageChunk,
  chatStream,
  messageId,
  messageAnswer,
  messageStream,
  responseId,
  responsesAnswer,
  responsesStream,
  geminiAnswer,
  geminiStream,
  ollamaStream,
};
