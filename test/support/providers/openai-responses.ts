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

/** OpenAI's Responses API. A stream tells its usage with the event that ends it. */
export const openAiResponses: Dialect = {
  provider: "openai",
  classes: ["cacheRead", "reasoning"],
  streamType: "text/event-stream; charset=utf-8",
  ask: (path, body) =>
    path === "/v1/responses"
      ? { model: text(body["model"]), streams: body["stream"] === true, wantsUsage: true }
      : null,
  whole: (reply) => response(reply, "completed", outputOf(reply)),
  stream: (reply) => {
    let sequence = 0;
    const event = (type: string, more: Fields): string => sse({ type, sequence_number: sequence++, ...more }, type);
    const where = { item_id: "msg_1", output_index: 0, content_index: 0 };
    const [message, ...calls] = outputOf(reply);
    const begun = { ...message, status: "in_progress", content: [] };
    const part = { type: "output_text", text: "", annotations: [], logprobs: [] };
    const said = reply.pieces.join("");
    return [
      event("response.created", { response: response(reply, "in_progress", []) }),
      event("response.in_progress", { response: response(reply, "in_progress", []) }),
      event("response.output_item.added", { output_index: 0, item: begun }),
      event("response.content_part.added", { ...where, part }),
      ...reply.pieces.map((delta) => event("response.output_text.delta", { ...where, delta, logprobs: [] })),
      event("response.output_text.done", { ...where, text: said, logprobs: [] }),
      event("response.content_part.done", { ...where, part: { ...part, text: said } }),
      event("response.output_item.done", { output_index: 0, item: message }),
      ...calls.flatMap((item, index) => callEvents(item, index + 1, event)),
      event("response.completed", { response: response(reply, "completed", outputOf(reply)) }),
    ];
  },
};

function callEvents(item: Fields, index: number, event: (type: string, more: Fields) => string): readonly string[] {
  const where = { item_id: item["id"], output_index: index };
  return [
    event("response.output_item.added", {
      output_index: index,
      item: { ...item, status: "in_progress", arguments: "" },
    }),
    event("response.function_call_arguments.delta", { ...where, delta: item["arguments"] }),
    event("response.function_call_arguments.done", { ...where, name: toolName, arguments: item["arguments"] }),
    event("response.output_item.done", { output_index: index, item }),
  ];
}

function outputOf(reply: Reply): readonly Fields[] {
  const content = [{ type: "output_text", text: reply.pieces.join(""), annotations: [], logprobs: [] }];
  const message = { id: "msg_1", type: "message", role: "assistant", status: "completed", content };
  const call = {
    id: "fc_1",
    type: "function_call",
    status: "completed",
    call_id: "call_1",
    name: toolName,
    arguments: JSON.stringify(toolArgs),
  };
  return reply.callsTool ? [message, call] : [message];
}

function response(reply: Reply, status: string, output: readonly Fields[]): Fields {
  const { usage } = reply;
  const counted = {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cacheRead },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
  return {
    id: reply.id,
    object: "response",
    created_at: created,
    status,
    model: answeringModel(reply.model),
    output,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    usage: status === "completed" && reply.tellsUsage ? counted : null,
  };
}
