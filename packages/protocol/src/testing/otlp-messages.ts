// Requests as exporters build them, in the JSON encoding, and the same as protobuf: written here field by field, so that what reads
// them is not its own judge.

import protobuf from "protobufjs/minimal.js";

export type Told = Readonly<Record<string, unknown>>;

export interface ToldSpan {
  readonly trace?: string;
  readonly span: string;
  readonly parent?: string | null;
  readonly name?: string;
  readonly attributes?: Told;
  readonly failed?: boolean;
  readonly flags?: number;
  readonly traceState?: string;
}

export interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly traceState: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly JsonAttribute[];
  readonly status: { readonly code: number };
  readonly flags: number;
}

interface JsonAttribute {
  readonly key: string;
  readonly value: JsonValue;
}

type JsonValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: number | string }
  | { readonly doubleValue: number }
  | { readonly arrayValue: { readonly values: readonly JsonValue[] } }
  | { readonly kvlistValue: { readonly values: readonly JsonAttribute[] } };

/** The morning of all messages, in milliseconds. */
const told = Date.UTC(2026, 10, 24, 3);

export const oneTrace = "0af7651916cd43dd8448eb211c80319c";

/** A span's id of 16 hex digits from a short name. */
export function spanId(name: string): string {
  return Buffer.from(name.padEnd(8, "_").slice(0, 8)).toString("hex");
}

function jsonSpan(one: ToldSpan): JsonSpan {
  return {
    traceId: one.trace ?? oneTrace,
    spanId: spanId(one.span),
    parentSpanId: one.parent === undefined || one.parent === null ? "" : spanId(one.parent),
    name: one.name ?? "chat gpt-5",
    traceState: one.traceState ?? "",
    endTimeUnixNano: `${told}000000`,
    attributes: jsonAttributes(one.attributes ?? {}),
    status: { code: one.failed === true ? 2 : 0 },
    flags: one.flags ?? 0x101,
  };
}

export function jsonAttributes(attributes: Told): readonly JsonAttribute[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: jsonValue(value) }));
}

function jsonValue(value: unknown): JsonValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: value } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: value.map(jsonValue) } };
  return { kvlistValue: { values: jsonAttributes(value as Told) } };
}

export function tracesJson(spans: readonly ToldSpan[], resource: Told = {}) {
  return {
    resourceSpans: [
      {
        resource: { attributes: jsonAttributes(resource) },
        scopeSpans: [{ scope: { name: "t" }, spans: spans.map(jsonSpan) }],
      },
    ],
  };
}

export interface ToldLog {
  readonly event?: string;
  readonly body?: string;
  readonly attributes: Told;
  readonly span?: string;
}

export function logsJson(logs: readonly ToldLog[], resource: Told = {}, scope = "t") {
  const logRecords = logs.map(({ event = "", body = "", attributes, span }) => ({
    timeUnixNano: `${told}000000`,
    eventName: event,
    body: { stringValue: body },
    attributes: jsonAttributes(attributes),
    ...(span === undefined ? {} : { traceId: oneTrace, spanId: spanId(span) }),
  }));
  return {
    resourceLogs: [
      { resource: { attributes: jsonAttributes(resource) }, scopeLogs: [{ scope: { name: scope }, logRecords }] },
    ],
  };
}

export interface ToldPoint {
  readonly value: number;
  /** Milliseconds after `told`. */
  readonly at?: number;
  readonly startedAt?: number;
  readonly attributes?: Told;
  /** Makes it a point of a histogram. */
  readonly count?: number;
}

export function metricsJson(
  metrics: Readonly<Record<string, readonly ToldPoint[]>>,
  resource: Told = {},
  aggregationTemporality: 1 | 2 = 1,
) {
  const described = Object.entries(metrics).map(([name, points]) => {
    const isHistogram = points.some(({ count }) => count !== undefined);
    const dataPoints = points.map(({ value, at = 0, startedAt = -60_000, attributes = {}, count }) => ({
      startTimeUnixNano: `${told + startedAt}000000`,
      timeUnixNano: `${told + at}000000`,
      attributes: jsonAttributes(attributes),
      ...(isHistogram ? { sum: value, count: String(count ?? 0) } : { asInt: String(value) }),
    }));
    return { name, [isHistogram ? "histogram" : "sum"]: { aggregationTemporality, dataPoints } };
  });
  return {
    resourceMetrics: [
      {
        resource: { attributes: jsonAttributes(resource) },
        scopeMetrics: [{ scope: { name: "t" }, metrics: described }],
      },
    ],
  };
}

/** The bytes of a traces request, as a protobuf exporter writes them. */
export function tracesProtobuf({ resourceSpans }: ReturnType<typeof tracesJson>): Uint8Array {
  const writer = protobuf.Writer.create();
  for (const { resource, scopeSpans } of resourceSpans) {
    writer.uint32(0x0a).fork();
    writer.uint32(0x0a).fork();
    for (const attribute of resource.attributes) writeAttribute(writer, 1, attribute);
    writer.ldelim();
    for (const { scope, spans } of scopeSpans) {
      writer.uint32(0x12).fork();
      writer.uint32(0x0a).fork().uint32(0x0a).string(scope.name).ldelim();
      for (const span of spans) writeSpan(writer.uint32(0x12).fork(), span).ldelim();
      writer.ldelim();
    }
    writer.ldelim();
  }
  return writer.finish();
}

function writeSpan(writer: protobuf.Writer, span: JsonSpan): protobuf.Writer {
  const nanos = BigInt(span.endTimeUnixNano);
  writer.uint32(0x0a).bytes(Buffer.from(span.traceId, "hex"));
  writer.uint32(0x12).bytes(Buffer.from(span.spanId, "hex"));
  if (span.traceState !== "") writer.uint32(0x1a).string(span.traceState);
  if (span.parentSpanId !== "") writer.uint32(0x22).bytes(Buffer.from(span.parentSpanId, "hex"));
  writer.uint32(0x2a).string(span.name);
  for (const field of [0x39, 0x41]) {
    writer
      .uint32(field)
      .fixed32(Number(nanos & 0xffffffffn))
      .fixed32(Number(nanos >> 32n));
  }
  for (const attribute of span.attributes) writeAttribute(writer, 9, attribute);
  writer.uint32(0x7a).fork().uint32(0x18).int32(span.status.code).ldelim();
  return writer.uint32(0x85).fixed32(span.flags);
}

function writeAttribute(writer: protobuf.Writer, field: number, { key, value }: JsonAttribute): void {
  writer.uint32((field << 3) | 2).fork();
  writer.uint32(0x0a).string(key);
  writeValue(writer.uint32(0x12).fork(), value).ldelim();
  writer.ldelim();
}

function writeValue(writer: protobuf.Writer, value: JsonValue): protobuf.Writer {
  if ("stringValue" in value) return writer.uint32(0x0a).string(value.stringValue);
  if ("boolValue" in value) return writer.uint32(0x10).bool(value.boolValue);
  if ("intValue" in value) return writer.uint32(0x18).int64(Number(value.intValue));
  if ("doubleValue" in value) return writer.uint32(0x21).double(value.doubleValue);
  if ("arrayValue" in value) {
    writer.uint32(0x2a).fork();
    for (const item of value.arrayValue.values) writeValue(writer.uint32(0x0a).fork(), item).ldelim();
    return writer.ldelim();
  }
  writer.uint32(0x32).fork();
  for (const item of value.kvlistValue.values) writeAttribute(writer, 1, item);
  return writer.ldelim();
}

export function bytesOf(json: unknown): Buffer {
  return Buffer.from(JSON.stringify(json));
}
