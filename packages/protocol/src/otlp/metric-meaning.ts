// What points of metrics mean for usage. One sender may tell the same tokens under several names, and some names count a part
// of what another counts: adding up everything that looks like tokens doubles them.

import type { CallTokens } from "@midwatch/core";
import { providerOf } from "./provider-names.ts";
import { providerOfModel } from "./provider-of-model.ts";
import { cutText, type Attributes, type MetricPoint } from "./records.ts";

/** What a point adds to: one or two classes of tokens, the reported cost (in USD), or the number of calls. */
export type MetricTarget = keyof CallTokens | "costUsd" | "calls";

export interface MetricShare {
  readonly point: MetricPoint;
  readonly adds: readonly MetricTarget[];
  /** Of the point: the value, or how many were measured. */
  readonly value: number;
  readonly provider: string | null;
  readonly model: string | null;
  readonly session: string | null;
}

interface Family {
  readonly attribute: string;
  readonly types: Readonly<Record<string, readonly MetricTarget[]>>;
}

/** Metrics that tell tokens by an attribute, the most telling first. */
const families: Readonly<Record<string, Family>> = {
  // Four classes that do not overlap.
  "claude_code.token.usage": {
    attribute: "type",
    types: {
      input: ["inputTokens"],
      output: ["outputTokens"],
      cacheRead: ["inputTokens", "cacheReadTokens"],
      cacheCreation: ["inputTokens", "cacheWriteTokens"],
    },
  },
  "gemini_cli.token.usage": {
    attribute: "type",
    types: {
      input: ["inputTokens"],
      tool: ["inputTokens"],
      output: ["outputTokens"],
      thought: ["outputTokens", "reasoningTokens"],
      cache: ["cacheReadTokens"],
    },
  },
  "codex.turn.token_usage": {
    attribute: "token_type",
    types: {
      input: ["inputTokens"],
      cached_input: ["cacheReadTokens"],
      output: ["outputTokens"],
      reasoning_output: ["reasoningTokens"],
    },
  },
};

/** The convention's counters: cached and reasoning tokens are parts of the first two. */
const counters: Readonly<Record<string, readonly MetricTarget[]>> = {
  "gen_ai.client.inference.usage.input_tokens": ["inputTokens"],
  "gen_ai.client.inference.usage.output_tokens": ["outputTokens"],
  "gen_ai.client.inference.usage.cache_read.input_tokens": ["cacheReadTokens"],
  "gen_ai.client.inference.usage.cache_write.input_tokens": ["cacheWriteTokens"],
  "gen_ai.client.inference.usage.reasoning.output_tokens": ["reasoningTokens"],
};

/** The older histogram of the same tokens, which most instrumentations still have. */
const histogram = "gen_ai.client.token.usage";
const histogramTypes: Readonly<Record<string, readonly MetricTarget[]>> = {
  input: ["inputTokens"],
  output: ["outputTokens"],
};

const durations: ReadonlySet<string> = new Set([
  "gen_ai.client.operation.duration",
  "gen_ai.client.inference.duration",
]);
/** Measured for agents and tools, too; those are not calls of a model. */
const noInference: ReadonlySet<string> = new Set([
  "create_agent",
  "execute_tool",
  "fetch_response",
  "invoke_agent",
  "invoke_workflow",
  "plan",
  "tool_call",
]);

/** The points of one resource that tell usage, each token told once. */
export function metricShares(points: readonly MetricPoint[]): readonly MetricShare[] {
  const own = Object.keys(families).find((name) => points.some(({ metric }) => metric === name));
  const withCounters = new Set(points.filter(({ metric }) => metric in counters).map(modelKey));
  const shares: MetricShare[] = [];
  for (const point of points) {
    const adds = targetsOf(point, own, withCounters);
    if (adds === null) continue;
    const value = adds[0] === "calls" ? (point.count ?? 0) : point.value;
    // A counter that is no count: it says nothing, and would poison whatever it is added to.
    if (!Number.isFinite(value) || value < 0 || point.at === 0) continue;
    const model = modelOf(point.attributes);
    const said = text(point.attributes, "gen_ai.provider.name", "gen_ai.system", "provider");
    const provider = providerOf(said) ?? (own === undefined ? null : providerOfModel(model));
    shares.push({ point, adds, value, provider, model, session: text(point.attributes, "session.id") });
  }
  return shares;
}

function targetsOf(
  point: MetricPoint,
  own: string | undefined,
  withCounters: ReadonlySet<string>,
): readonly MetricTarget[] | null {
  const { metric, attributes } = point;
  if (metric === own) {
    const family = families[metric];
    return pick(family?.types, family && text(attributes, family.attribute));
  }
  if (metric === "claude_code.cost.usage") return ["costUsd"];
  if (noInference.has(text(attributes, "gen_ai.operation.name") ?? "")) return null;
  if (durations.has(metric)) return ["calls"];
  // What the sender tells under its own name it tells again under the convention's.
  if (own !== undefined) return null;
  if (metric in counters) return pick(counters, metric);
  if (metric !== histogram || withCounters.has(modelKey(point))) return null;
  return pick(histogramTypes, text(attributes, "gen_ai.token.type"));
}

function pick(
  types: Readonly<Record<string, readonly MetricTarget[]>> | undefined,
  type: string | null | undefined,
): readonly MetricTarget[] | null {
  if (types === undefined || type === null || type === undefined) return null;
  return Object.hasOwn(types, type) ? (types[type] ?? null) : null;
}

function modelKey({ attributes }: MetricPoint): string {
  return modelOf(attributes) ?? "";
}

function modelOf(attributes: Attributes): string | null {
  return text(attributes, "gen_ai.response.model", "gen_ai.request.model", "model");
}

function text(attributes: Attributes, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = attributes.get(name);
    if (typeof value === "string" && value !== "") return cutText(value, 200);
  }
  return null;
}
