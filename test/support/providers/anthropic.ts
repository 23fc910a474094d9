import { answeringModel, sse, text, toolArgs, toolName, type Dialect, type Fields, type Reply } from "./dialect.ts";

/** Anthropic's messages. Three counts of input beside each other; a stream tells the input first and the output last. */
export const anthropic: Dialect = {
  provider: "anthropic",
  classes: ["cacheRead", "cacheWrite"],
  streamType: "text/event-stream; charset=utf-8",
  ask: (path, body) =>
    path === "/v1/messages" ? { model: text(body["model"]), streams: body["stream"] === true, wantsUsage: true } : null,
  whole: (reply) => message(reply, contentOf(reply), usageOf(reply, reply.usage.output)),
  stream: (reply) => {
    const event = (type: string, more: Fields = {}): string => sse({ type, ...more }, type);
    const delta = (index: number, made: Fields): string => event("content_block_delta", { index, delta: made });
    const args = JSON.stringify(toolArgs);
    const reason = reply.callsTool ? "tool_use" : "end_turn";
    return [
      event("message_start", { message: message(reply, [], usageOf(reply, 1), null) }),
      event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
      event("ping"),
      ...reply.pieces.map((piece) => delta(0, { type: "text_delta", text: piece })),
      event("content_block_stop", { index: 0 }),
      ...(reply.callsTool
        ? [
            event("content_block_start", { index: 1, content_block: { ...toolUse, input: {} } }),
            delta(1, { type: "input_json_delta", partial_json: "" }),
            delta(1, { type: "input_json_delta", partial_json: args.slice(0, 6) }),
            delta(1, { type: "input_json_delta", partial_json: args.slice(6) }),
            event("content_block_stop", { index: 1 }),
          ]
        : []),
      event("message_delta", {
        delta: { stop_reason: reason, stop_sequence: null },
        usage: usageOf(reply, reply.usage.output),
      }),
      event("message_stop"),
    ];
  },
};

const toolUse = { type: "tool_use", id: "toolu_1", name: toolName, input: toolArgs };

function contentOf(reply: Reply): readonly Fields[] {
  const said = { type: "text", text: reply.pieces.join("") };
  return reply.callsTool ? [said, toolUse] : [said];
}

function usageOf({ usage }: Reply, output: number): Fields {
  return {
    input_tokens: usage.input - usage.cacheRead - usage.cacheWrite,
    cache_creation_input_tokens: usage.cacheWrite,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: usage.cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: "standard",
  };
}

function message(reply: Reply, content: readonly Fields[], usage: Fields, reason: string | null = "end_turn"): Fields {
  return {
    id: reply.id,
    type: "message",
    role: "assistant",
    model: answeringModel(reply.model),
    content,
    stop_reason: reason !== null && reply.callsTool ? "tool_use" : reason,
    stop_sequence: null,
    usage,
  };
}
