import { isObject, objectIn, objectsIn, textIn, type JsonObject } from "./json.ts";
import type { Tally } from "./tally.ts";
import { responsesUsage } from "./usage.ts";

/** An answer of OpenAI's responses, or one event of its stream. */
export function readResponses(part: JsonObject, tally: Tally): void {
  const { type } = part;
  if (typeof type !== "string" || part["object"] === "response") return readResponse(part, tally);
  if (type === "error") tally.isFailed = true;
  if (type.endsWith(".delta")) tally.said(part["delta"]);
  const response = part["response"];
  if (!isObject(response)) return;
  // The events that end a stream repeat the whole answer; what was said of it before was only for the guess.
  if (["response.completed", "response.incomplete", "response.failed"].includes(type)) readResponse(response, tally);
  else tally.named(response["id"], response["model"]);
}

function readResponse(response: JsonObject, tally: Tally): void {
  tally.named(response["id"], response["model"]);
  const usage = responsesUsage(response["usage"]);
  if (usage !== null) {
    tally.used(usage);
    tally.costs(objectIn(response["usage"])["cost"]);
    tally.isComplete = true;
  }
  if (response["status"] === "failed" || isObject(response["error"])) tally.isFailed = true;
  for (const item of objectsIn(response["output"])) {
    if (item["type"] === "function_call") tally.tools.add(textIn(item["name"], 1_000), item["arguments"]);
    if (item["type"] === "custom_tool_call") tally.tools.add(textIn(item["name"], 1_000), item["input"]);
    for (const content of objectsIn(item["content"])) tally.said(content["text"]);
  }
}
