// Asks what one span, record or request means, the way it comes over the wire.

import assert from "node:assert/strict";
import type { MeteredCall } from "@midwatch/core";
import { decodeTelemetry } from "../otlp/decode.ts";
import { logMeaning } from "../otlp/log-meaning.ts";
import { metricShares, type MetricTarget } from "../otlp/metric-meaning.ts";
import type { ResourceRecords, Signal } from "../otlp/records.ts";
import { spanMeaning, type SpanMeaning } from "../otlp/span-meaning.ts";
import { bytesOf, logsJson, tracesJson, type Told, type ToldLog } from "./otlp-messages.ts";

export function recordsOf(signal: Signal, json: unknown): ResourceRecords {
  const decoded = decodeTelemetry(signal, "json", bytesOf(json));
  assert.ok(decoded.ok);
  return first(decoded.resources);
}

export function span(name: string, attributes: Told): SpanMeaning | null {
  return spanMeaning(first(recordsOf("traces", tracesJson([{ span: "s", name, attributes }])).spans));
}

export function log(one: ToldLog, resource: Told = {}, scope = "t"): MeteredCall | null {
  const records = recordsOf("logs", logsJson([one], resource, scope));
  return logMeaning(first(records.logs), records.resource);
}

/** Input, output, cache read, cache write, reasoning. */
export function counts(call: MeteredCall | null | undefined): readonly number[] {
  assert.ok(call);
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = call;
  return [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens];
}

/** What the points of a request add up to. */
export function sums(json: unknown): Partial<Record<MetricTarget, number>> {
  const all: Partial<Record<MetricTarget, number>> = {};
  for (const { adds, value } of metricShares(recordsOf("metrics", json).points)) {
    for (const target of adds) all[target] = (all[target] ?? 0) + value;
  }
  return all;
}

function first<T>(list: readonly T[]): T {
  const [one] = list;
  assert.ok(one !== undefined, "what was sent came out");
  return one;
}
