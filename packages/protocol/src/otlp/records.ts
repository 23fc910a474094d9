// What is left of a telemetry request after decoding, whichever of the two encodings it came in: only what the meaning of
// usage hangs on. Attributes that nothing here asks for are not in it.

import type { Ms } from "@midwatch/core";

export type Signal = "traces" | "metrics" | "logs";

/** Bounds of one request. What is beyond them is refused or left out, never a reason to fail. */
export const OTLP_LIMITS = {
  /** Spans, log records or points in one request; the rest is refused and told. */
  records: 20_000,
  /** Of one record; the rest is not looked at. */
  attributes: 256,
  keyLength: 200,
  /** Longer strings are cut, save for arguments of tools. */
  stringLength: 1_024,
  /** Arguments that are longer are digested as they stand. */
  argumentsBytes: 64 * 1024,
  /** Values inside values. */
  depth: 16,
} as const;

/** A value that is read only when somebody asks, since it may be long: the arguments of a tool, the input of a span. */
export interface LateValue {
  read(): unknown;
}

export type AttributeValue = string | number | boolean | LateValue;

export type Attributes = ReadonlyMap<string, AttributeValue>;

export const noAttributes: Attributes = new Map();

export interface Span {
  /** Hex, lower case. */
  readonly trace: string;
  readonly span: string;
  readonly parent: string | null;
  readonly name: string;
  readonly endedAt: Ms;
  readonly failed: boolean;
  /** Somebody decided to keep only some traces: a W3C flag, a threshold in the trace state, or an attribute says so. */
  readonly sampled: boolean;
  readonly attributes: Attributes;
}

export interface LogRecord {
  readonly at: Ms;
  readonly trace: string | null;
  readonly span: string | null;
  /** Its own field, else the attribute `event.name`, else a body that is a name. */
  readonly event: string;
  readonly scope: string;
  readonly attributes: Attributes;
}

/** One point of a sum or a histogram. */
export interface MetricPoint {
  readonly metric: string;
  readonly scope: string;
  readonly isCumulative: boolean;
  /** 0 when the sender does not say. */
  readonly startedAt: Ms;
  readonly at: Ms;
  /** Of a histogram: the sum. */
  readonly value: number;
  /** Of a histogram: how many were measured. */
  readonly count: number | null;
  /** All of them: they tell one series from another. */
  readonly attributes: Attributes;
}

export interface ResourceRecords {
  readonly resource: Attributes;
  readonly spans: readonly Span[];
  readonly logs: readonly LogRecord[];
  readonly points: readonly MetricPoint[];
}

export type DecodedTelemetry =
  | {
      readonly ok: true;
      readonly resources: readonly ResourceRecords[];
      /** Records beyond the bound of one request. */
      readonly beyondLimit: number;
    }
  | { readonly ok: false; readonly message: string };

/** Text as it may be kept: bounded, no halves of surrogate pairs, no NUL. */
export function cutText(text: string, limit: number): string {
  const short = text.length > limit ? text.slice(0, limit) : text;
  const wellFormed = short.isWellFormed() ? short : short.toWellFormed();
  return wellFormed.includes("\0") ? wellFormed.replaceAll("\0", "\uFFFD") : wellFormed;
}
