import { isObject, objectIn, objectsIn, textIn, type JsonObject } from "./json.ts";
import type { Tally } from "./tally.ts";
import { geminiUsage } from "./usage.ts";

/** An answer of Gemini, or one chunk of its stream. Each chunk repeats a cumulative usage, of which the last one holds. */
export function readGemini(part: JsonObject, tally: Tally): void {
  tally.named(part["responseId"], part["modelVersion"]);
  tally.used(geminiUsage(part["usageMetadata"]));
  if (isObject(part["error"])) tally.isFailed = true;
  if (objectIn(part["promptFeedback"])["blockReason"] !== undefined) tally.isComplete = tally.usage !== null;
  for (const candidate of objectsIn(part["candidates"])) {
    if (candidate["finishReason"] !== undefined) tally.isComplete = tally.usage !== null;
    for (const piece of objectsIn(objectIn(candidate["content"])["parts"])) {
      tally.said(piece["text"]);
      const call = piece["functionCall"];
      if (isObject(call)) tally.tools.add(textIn(call["name"], 1_000), call["args"]);
    }
  }
}
