import { answeringModel, sse, toolArgs, toolName, type Dialect, type Fields, type Reply } from "./dialect.ts";

/** Gemini. The model stands in the path; thoughts stand beside the output; each piece of a stream repeats a running total. */
export const gemini: Dialect = {
  provider: "google",
  classes: ["cacheRead", "reasoning"],
  streamType: "text/event-stream",
  ask: (path) => {
    const [, model, verb] = /^\/v1(?:beta)?\/models\/(.+):(generateContent|streamGenerateContent)$/u.exec(path) ?? [];
    if (model === undefined) return null;
    return { model: decodeURIComponent(model), streams: verb === "streamGenerateContent", wantsUsage: true };
  },
  whole: (reply) => piece(reply, partsOf(reply, [reply.pieces.join("")], true), "STOP", 1),
  stream: (reply) =>
    reply.pieces.map((words, index) => {
      const isLast = index === reply.pieces.length - 1;
      const part = (index + 1) / reply.pieces.length;
      return sse(piece(reply, partsOf(reply, [words], isLast), isLast ? "STOP" : null, part));
    }),
};

function partsOf(reply: Reply, words: readonly string[], isLast: boolean): readonly Fields[] {
  const said = words.map((text) => ({ text }));
  return isLast && reply.callsTool ? [...said, { functionCall: { name: toolName, args: toolArgs } }] : said;
}

/** `part` of the output has been made so far. */
function piece(reply: Reply, parts: readonly Fields[], reason: string | null, part: number): Fields {
  const { usage } = reply;
  const candidates = Math.floor((usage.output - usage.reasoning) * part);
  return {
    candidates: [{ index: 0, content: { role: "model", parts }, ...(reason === null ? {} : { finishReason: reason }) }],
    modelVersion: answeringModel(reply.model),
    responseId: reply.id,
    ...(reply.tellsUsage
      ? {
          usageMetadata: {
            promptTokenCount: usage.input,
            cachedContentTokenCount: usage.cacheRead,
            candidatesTokenCount: candidates,
            thoughtsTokenCount: usage.reasoning,
            totalTokenCount: usage.input + candidates + usage.reasoning,
          },
        }
      : {}),
  };
}
