import { objectIn, objectsIn, textIn, type JsonObject } from "./json.ts";
import type { Tally } from "./tally.ts";
import { ollamaUsage } from "./usage.ts";

/** An answer of Ollama, or one line of its stream; the last line says `done` and tells the counts. */
export function readOllama(part: JsonObject, tally: Tally): void {
  tally.named(null, part["model"]);
  if (typeof part["error"] === "string") tally.isFailed = true;
  const message = objectIn(part["message"]);
  tally.said(part["response"] ?? message["content"]);
  tally.said(part["thinking"] ?? message["thinking"]);
  for (const call of objectsIn(message["tool_calls"])) {
    const given = objectIn(call["function"]);
    tally.tools.add(textIn(given["name"], 1_000), given["arguments"]);
  }
  tally.used(ollamaUsage(part));
  // Embeddings have no such word.
  if (part["done"] === true || part["embeddings"] !== undefined) tally.isComplete = tally.usage !== null;
}
