// The three signals as OTLP/JSON. Names are in lower camel case; what is missing has its protobuf default.

import { isObject, type JsonObject } from "../fields.ts";
import { wantedNames } from "./attribute-names.ts";
import { eventNameOf } from "./event-name.ts";
import { attributesOf, hexOf, listOf, nanosOf, numberOf, scalarOf, textOf } from "./json-values.ts";
import type { Room } from "./protobuf-metrics.ts";
import type { LogRecord, MetricPoint, ResourceRecords, Signal, Span } from "./records.ts";
import { isSampled } from "./sampling.ts";

/** What the lists of a request are called: of resources, of scopes, of records. */
const lists: Readonly<Record<Signal, readonly [string, string, string]>> = {
  traces: ["resourceSpans", "scopeSpans", "spans"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"],
  logs: ["resourceLogs", "scopeLogs", "logRecords"],
};

export function requestOf(body: JsonObject, signal: Signal, room: Room): ResourceRecords[] {
  const [resources, scopes, records] = lists[signal];
  return listOf(body[resources])
    .filter(isObject)
    .map((of) => {
      const { resource } = of;
      const spans: Span[] = [];
      const logs: LogRecord[] = [];
      const points: MetricPoint[] = [];
      for (const scoped of listOf(of[scopes]).filter(isObject)) {
        const scope = isObject(scoped["scope"]) ? textOf(scoped["scope"]["name"]) : "";
        for (const record of listOf(scoped[records])) {
          if (!isObject(record)) continue;
          if (signal === "metrics") pointsOf(record, scope, points, room);
          else if (room.left-- <= 0) continue;
          else if (signal === "traces") spans.push(spanOf(record));
          else logs.push(logOf(record, scope));
        }
      }
      const attributes = attributesOf(isObject(resource) ? resource["attributes"] : [], null);
      return { resource: attributes, spans, logs, points };
    });
}

function spanOf(record: JsonObject): Span {
  const attributes = attributesOf(record["attributes"], wantedNames);
  const parent = hexOf(record["parentSpanId"]);
  const status = record["status"];
  return {
    trace: hexOf(record["traceId"]),
    span: hexOf(record["spanId"]),
    parent: parent === "" ? null : parent,
    name: textOf(record["name"]),
    endedAt: nanosOf(record["endTimeUnixNano"]),
    failed: isObject(status) && (status["code"] === 2 || status["code"] === "STATUS_CODE_ERROR"),
    sampled: isSampled(numberOf(record["flags"]) ?? 0, textOf(record["traceState"]), attributes),
    attributes,
  };
}

function logOf(record: JsonObject, scope: string): LogRecord {
  const attributes = attributesOf(record["attributes"], wantedNames);
  const at = nanosOf(record["timeUnixNano"]);
  const trace = hexOf(record["traceId"]);
  const span = hexOf(record["spanId"]);
  const body = String(scalarOf(record["body"]) ?? "");
  return {
    at: at === 0 ? nanosOf(record["observedTimeUnixNano"]) : at,
    trace: trace === "" ? null : trace,
    span: span === "" ? null : span,
    event: eventNameOf(textOf(record["eventName"]), attributes, body),
    scope,
    attributes,
  };
}

function pointsOf(metric: JsonObject, scope: string, into: MetricPoint[], room: Room): void {
  const name = textOf(metric["name"]);
  for (const shape of ["sum", "histogram", "exponentialHistogram"]) {
    const data = metric[shape];
    if (!isObject(data)) continue;
    const temporality = temporalityOf(data["aggregationTemporality"]);
    for (const point of listOf(data["dataPoints"])) {
      if (!isObject(point) || room.left-- <= 0) continue;
      // Neither delta nor cumulative: nothing can be said of its growth.
      if (temporality === 0) continue;
      const isSum = shape === "sum";
      into.push({
        metric: name,
        scope,
        isCumulative: temporality === 2,
        startedAt: nanosOf(point["startTimeUnixNano"]),
        at: nanosOf(point["timeUnixNano"]),
        value: (isSum ? (numberOf(point["asInt"]) ?? numberOf(point["asDouble"])) : numberOf(point["sum"])) ?? 0,
        count: isSum ? null : (numberOf(point["count"]) ?? 0),
        attributes: attributesOf(point["attributes"], null),
      });
    }
  }
}

function temporalityOf(value: unknown): 0 | 1 | 2 {
  if (value === 1 || value === "AGGREGATION_TEMPORALITY_DELTA") return 1;
  return value === 2 || value === "AGGREGATION_TEMPORALITY_CUMULATIVE" ? 2 : 0;
}
