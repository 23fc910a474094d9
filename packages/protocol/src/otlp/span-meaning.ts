// What a span means for usage. Only spans of one inference count as they come. Spans of agents, workflows and chains carry
// the sum of what is below them in most frameworks, so theirs counts only if nothing below tells usage; that is for whoever
// sees the other spans to decide.

import type { MeteredCall } from "@midwatch/core";
import { textIn, usableId } from "./attribute-text.ts";
import { metered } from "./metered.ts";
import { providerOfModel } from "./provider-of-model.ts";
import { providerOf } from "./provider-names.ts";
import type { Attributes, Span } from "./records.ts";
import { Remarks } from "./remarks.ts";
import { reportedCost } from "./reported-cost.ts";
import { tokenUsage } from "./token-usage.ts";
import { toolExecution } from "./tool-execution.ts";

/**
 * - `inference`: one call of a model.
 * - `sum`: may be the sum of the spans below it.
 * - `tool`: a tool was executed.
 */
export interface SpanMeaning {
  readonly is: "inference" | "sum" | "tool";
  readonly call: MeteredCall;
}

/** Null for a span that says nothing of usage: it only links others. */
export function spanMeaning(span: Span): SpanMeaning | null {
  const { attributes } = span;
  if (attributes.size === 0 || span.trace === "" || span.span === "") return null;
  const kind = kindOf(span);
  if (kind === null) return null;
  if (kind === "tool") {
    const key = `${span.trace}/${span.span}`;
    const call = toolExecution(attributes, { source: "span", at: span.endedAt, key, failed: span.failed });
    return call && { is: "tool", call };
  }
  const remarks = new Remarks();
  const model = textIn(attributes, "model");
  const isClaude = span.name === claudeRequest;
  const provider = providerOf(textIn(attributes, "provider")) ?? (isClaude ? providerOfModel(model) : null);
  const habit = isClaude ? "disjoint-cache" : "usual";
  const tokens = tokenUsage(attributes, { habit, provider }, remarks);
  if (tokens === null) return null;
  // Of a sum the answer's id would be that of its last call, and would hide it.
  const id = kind === "sum" ? null : answerId(attributes);
  const call = metered({
    ...tokens,
    key: id ?? `${span.trace}/${span.span}`,
    at: span.endedAt,
    source: "span",
    provider,
    model,
    costUsdMicros: reportedCost(attributes, remarks),
    outcome: span.failed ? "failed" : "ok",
    trace: span.trace,
    session: textIn(attributes, "session"),
    remarks: remarks.list,
  });
  return { is: kind, call };
}

/** Claude Code names its requests in logs and spans by the same request id, so that one comes first. */
function answerId(attributes: Attributes): string | null {
  return usableId(textIn(attributes, "requestId")) ?? usableId(textIn(attributes, "answerId"));
}

const claudeRequest = "claude_code.llm_request";
const inferences: ReadonlySet<string> = new Set([
  "chat",
  "completion",
  "embedding",
  "embeddings",
  "generate_content",
  "llm",
  // Gemini CLI's own word.
  "llm_call",
  "rerank",
  "reranker",
  "text_completion",
]);
const tools: ReadonlySet<string> = new Set(["execute_tool", "tool", "tool_call"]);
/** Fetches an answer that was made, and counted, before. */
const neverCounted: ReadonlySet<string> = new Set(["fetch_response"]);

function kindOf(span: Span): SpanMeaning["is"] | null {
  const { name, attributes } = span;
  if (name.startsWith("claude_code.")) {
    if (name === claudeRequest) return "inference";
    return name === "claude_code.tool" ? "tool" : null;
  }
  const aiOperation = textIn(attributes, "aiOperation") ?? (name.startsWith("ai.") ? name : null);
  if (aiOperation !== null) return kindOfAiSdk(aiOperation);
  const said =
    textIn(attributes, "operation") ?? textIn(attributes, "spanKind") ?? textIn(attributes, "requestType") ?? "";
  const operation = said.toLowerCase();
  if (neverCounted.has(operation)) return null;
  if (inferences.has(operation)) return "inference";
  // A tool's own span beside the one of the protocol that carried it there.
  if (tools.has(operation)) return textIn(attributes, "mcpMethod") === null ? "tool" : null;
  // Codex tells usage on spans without any word for what they are.
  return attributes.has("codex.usage.total_tokens") ? "inference" : "sum";
}

/** `ai.generateText` holds its `ai.generateText.doGenerate`, and repeats the sum. */
function kindOfAiSdk(operation: string): SpanMeaning["is"] {
  if (operation.startsWith("ai.toolCall")) return "tool";
  return /^ai\.\w+\.do[A-Z]/.test(operation) ? "inference" : "sum";
}
