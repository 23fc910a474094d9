import { answeringModel, text, toolArgs, toolName, type Dialect, type Fields, type Reply } from "./dialect.ts";

/** Ollama's chat and generate. Streams unless told otherwise, a line of JSON each; the last one has the counts. */
export const ollama: Dialect = {
  provider: "ollama",
  classes: [],
  streamType: "application/x-ndjson",
  ask: (path, body) =>
    path === "/api/chat" || path === "/api/generate"
      ? { model: text(body["model"]), streams: body["stream"] !== false, wantsUsage: true }
      : null,
  whole: (reply) => ({ ...line(reply, reply.pieces.join(""), reply.callsTool), ...lastOf(reply) }),
  stream: (reply) =>
    [
      ...reply.pieces.map((words) => line(reply, words, false)),
      ...(reply.callsTool ? [line(reply, "", true)] : []),
      { ...line(reply, "", false), ...lastOf(reply) },
    ].map((one) => `${JSON.stringify(one)}\n`),
};

/** Both APIs' words: each client reads its own and passes over the other. */
function line(reply: Reply, words: string, callsTool: boolean): Fields {
  const calls = callsTool ? { tool_calls: [{ function: { name: toolName, arguments: toolArgs } }] } : {};
  return {
    model: answeringModel(reply.model),
    created_at: "2026-03-28T10:00:00.000000Z",
    message: { role: "assistant", content: words, ...calls },
    response: words,
    done: false,
  };
}

function lastOf({ usage, tellsUsage }: Reply): Fields {
  const counts = tellsUsage ? { prompt_eval_count: usage.input, eval_count: usage.output } : {};
  const durations = { total_duration: 5_000_000, load_duration: 1_000_000, prompt_eval_duration: 2_000_000 };
  return { done: true, done_reason: "stop", ...durations, ...counts, eval_duration: 2_000_000 };
}
