import { isObject, objectIn, objectsIn, textIn, type JsonObject } from "./json.ts";
import type { Tally } from "./tally.ts";
import { messagesUsage } from "./usage.ts";

/** Reads Anthropic's answers. A stream tells the input in its first event and the output, cumulative, in later ones: overwritten, never added. */
export function messagesReader(): (part: JsonObject, tally: Tally) => void {
  const counts: Record<string, unknown> = {};
  const take = (usage: unknown, tally: Tally): void => {
    for (const [name, value] of Object.entries(objectIn(usage))) if (value !== null) counts[name] = value;
    tally.used(messagesUsage(counts));
    tally.costs(counts["cost"]);
  };
  return (part, tally) => {
    switch (part["type"]) {
      case "message":
        tally.named(part["id"], part["model"]);
        take(part["usage"], tally);
        tally.isComplete = isObject(part["usage"]);
        for (const block of objectsIn(part["content"])) readBlock(block, tally);
        return;
      case "message_start": {
        const message = objectIn(part["message"]);
        tally.named(message["id"], message["model"]);
        return take(message["usage"], tally);
      }
      case "content_block_start": {
        const block = objectIn(part["content_block"]);
        if (isToolUse(block)) tally.tools.piece(String(part["index"]), textIn(block["name"], 1_000), "");
        return;
      }
      case "content_block_delta":
        return readDelta(part, tally);
      case "message_delta":
        take(part["usage"], tally);
        // Only the last one has a reason why it stopped.
        if (objectIn(part["delta"])["stop_reason"] !== undefined) tally.isComplete = isObject(part["usage"]);
        return;
      case "error":
        tally.isFailed = true;
    }
  };
}

function readDelta(part: JsonObject, tally: Tally): void {
  const delta = objectIn(part["delta"]);
  tally.said(delta["text"] ?? delta["thinking"] ?? delta["partial_json"]);
  const json = delta["partial_json"];
  if (typeof json === "string") tally.tools.piece(String(part["index"]), null, json);
}

function readBlock(block: JsonObject, tally: Tally): void {
  tally.said(block["text"] ?? block["thinking"]);
  if (isToolUse(block)) tally.tools.add(textIn(block["name"], 1_000), block["input"]);
}

/** Tools that the provider runs itself (`server_tool_use`) are no calls of the agent. */
function isToolUse(block: JsonObject): boolean {
  return block["type"] === "tool_use";
}
