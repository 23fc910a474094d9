// What a log record means for usage: a few events of a few senders, each of which stands for one call or one tool.

import type { MeteredCall } from "@midwatch/core";
import { textIn, usableId } from "./attribute-text.ts";
import { metered } from "./metered.ts";
import { providerOf } from "./provider-names.ts";
import { providerOfModel } from "./provider-of-model.ts";
import type { Attributes, LogRecord } from "./records.ts";
import { Remarks } from "./remarks.ts";
import { reportedCost } from "./reported-cost.ts";
import { jsonDigest } from "../json-digest.ts";
import { toolExecution } from "./tool-execution.ts";
import { tokenUsage, type CountingHabit } from "./token-usage.ts";

const habits: Readonly<Record<string, CountingHabit>> = {
  "claude_code.api_request": "disjoint-cache",
  "codex.sse_event": "usual",
  "gemini_cli.api_response": "gemini",
  "gen_ai.client.inference.operation.details": "usual",
};

const toolEvents: ReadonlySet<string> = new Set([
  "claude_code.tool_result",
  "codex.tool_result",
  "gemini_cli.tool_call",
]);

/** Null for a record that says nothing of usage. */
export function logMeaning(record: LogRecord, resource: Attributes): MeteredCall | null {
  const { event, attributes } = record;
  if (toolEvents.has(event)) {
    return toolExecution(attributes, { source: "log", at: record.at, key: `tool/${ownKey(record)}`, failed: false });
  }
  const habit = Object.hasOwn(habits, event) ? habits[event] : undefined;
  if (habit === undefined || isSecondTelling(record, resource)) return null;
  // Codex tells every piece of a stream; only the last one has the usage.
  if (event === "codex.sse_event" && textIn(attributes, "eventKind") !== "response.completed") return null;
  const remarks = new Remarks();
  const model = textIn(attributes, "model");
  const provider = providerOf(textIn(attributes, "provider")) ?? providerOfModel(model);
  const tokens = tokenUsage(attributes, { habit, provider }, remarks);
  if (tokens === null) return null;
  return metered({
    ...tokens,
    key: keyOf(record),
    at: record.at,
    source: "log",
    provider,
    model,
    costUsdMicros: reportedCost(attributes, remarks),
    session: textIn(attributes, "session"),
    remarks: remarks.list,
  });
}

/** Gemini CLI tells each call twice, in its own event and in the one of the convention; its own knows more. */
function isSecondTelling({ event, scope }: LogRecord, resource: Attributes): boolean {
  if (event !== "gen_ai.client.inference.operation.details") return false;
  return scope === "gemini-cli" || resource.get("service.name") === "gemini-cli";
}

function keyOf(record: LogRecord): string {
  const { attributes, event, trace, span } = record;
  const id = usableId(textIn(attributes, "requestId")) ?? usableId(textIn(attributes, "answerId"));
  if (id !== null) return id;
  // The event of the convention is logged within the span of its call, and only that one.
  if (event.startsWith("gen_ai.") && trace !== null && span !== null) return `${trace}/${span}`;
  return ownKey(record);
}

/** Who said it, when, and what: the same record again has the same key, and no other record has it. */
function ownKey({ event, attributes, at, span }: LogRecord): string {
  const told = [...attributes].filter(([, value]) => typeof value !== "object").sort(([a], [b]) => (a < b ? -1 : 1));
  const digest = jsonDigest([event, at, span, told]) ?? "";
  return `${textIn(attributes, "session") ?? event}/${textIn(attributes, "eventTime") ?? at}/${digest}`;
}
