import type { CallSource, MeteredCall, Ms } from "@midwatch/core";
import { argumentNames } from "./attribute-names.ts";
import { textIn, usableId } from "./attribute-text.ts";
import { metered } from "./metered.ts";
import { OTLP_LIMITS, type Attributes, type LateValue } from "./records.ts";
import { jsonDigest, jsonTextDigest } from "../json-digest.ts";

/** A tool that was executed: no usage, but what repetition is seen by. Null when it has no name. */
export function toolExecution(
  attributes: Attributes,
  of: { readonly source: CallSource; readonly at: Ms; readonly key: string | null; readonly failed: boolean },
): MeteredCall | null {
  const name = textIn(attributes, "tool");
  // Its own id names it in logs and spans alike.
  const id = usableId(textIn(attributes, "toolCall"));
  const key = id === null ? of.key : `tool/${id}`;
  if (name === null || key === null) return null;
  return metered({
    key,
    at: of.at,
    source: of.source,
    calls: 0,
    tools: [{ name: name.slice(0, 128), argsHash: argumentsDigest(attributes) }],
    session: textIn(attributes, "session"),
    outcome: of.failed ? "failed" : "ok",
  });
}

/** Arguments come as a value, or as text that is JSON; equal ones get equal digests in either shape. */
function argumentsDigest(attributes: Attributes): string | null {
  for (const name of argumentNames) {
    const value = attributes.get(name);
    if (typeof value !== "object") continue;
    const read = readQuietly(value);
    if (read === null || read === "") continue;
    if (typeof read !== "string") return jsonDigest(read);
    return (read.length <= OTLP_LIMITS.argumentsBytes ? jsonTextDigest(read) : null) ?? jsonDigest(read);
  }
  return null;
}

function readQuietly(value: LateValue): unknown {
  try {
    return value.read();
  } catch {
    // Bytes that are no value: the call is told without its arguments.
    return null;
  }
}
