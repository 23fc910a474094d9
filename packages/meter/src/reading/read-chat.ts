import { countIn, isObject, objectIn, objectsIn, textIn, type JsonObject } from "./json.ts";
import type { Tally } from "./tally.ts";
import { chatUsage } from "./usage.ts";

/** An answer of OpenAI's chat completions, or one chunk of its stream; also of completions and embeddings. */
export function readChat(part: JsonObject, tally: Tally): void {
  tally.named(part["id"], part["model"]);
  // Groq puts it aside in streams.
  const usage = part["usage"] ?? objectIn(part["x_groq"])["usage"];
  const counted = chatUsage(usage);
  if (counted !== null) {
    tally.used(counted);
    tally.costs(objectIn(usage)["cost"]);
    tally.isComplete = true;
  }
  if (isObject(part["error"])) tally.isFailed = true;
  for (const choice of objectsIn(part["choices"])) {
    tally.said(choice["text"]);
    readMessage(choice["message"], tally);
    readDelta(choice, tally);
  }
}

function readMessage(value: unknown, tally: Tally): void {
  const message = objectIn(value);
  readText(message, tally);
  for (const call of objectsIn(message["tool_calls"])) {
    const { name, args } = functionOf(call);
    tally.said(args);
    tally.tools.add(name, args);
  }
}

function readDelta(choice: JsonObject, tally: Tally): void {
  const delta = objectIn(choice["delta"]);
  readText(delta, tally);
  for (const [position, call] of objectsIn(delta["tool_calls"]).entries()) {
    const { name, args } = functionOf(call);
    tally.said(args);
    const place = `${countIn(choice["index"]) ?? 0}.${countIn(call["index"]) ?? position}`;
    tally.tools.piece(place, name, typeof args === "string" ? args : "");
  }
}

function readText(message: JsonObject, tally: Tally): void {
  tally.said(message["content"]);
  tally.said(message["reasoning_content"] ?? message["reasoning"]);
}

function functionOf(call: JsonObject): { readonly name: string | null; readonly args: unknown } {
  const given = objectIn(call["function"]);
  return { name: textIn(given["name"], 1_000), args: given["arguments"] };
}
