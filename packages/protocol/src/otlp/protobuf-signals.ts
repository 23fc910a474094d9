// The messages of the three signals, field by field: numbers are those of opentelemetry-proto 1.x, which never change.

import { lateNames, wantedNames } from "./attribute-names.ts";
import { eventNameOf } from "./event-name.ts";
import { everyName, NameFinder, readAttribute, readScalar, type Wanted } from "./protobuf-attributes.ts";
import { readMetric, type Room } from "./protobuf-metrics.ts";
import { eachField, messageEnd, readHex, readNanos, readText, type Walk } from "./protobuf-walk.ts";
import {
  noAttributes,
  OTLP_LIMITS,
  type AttributeValue,
  type LogRecord,
  type MetricPoint,
  type ResourceRecords,
  type Signal,
  type Span,
} from "./records.ts";
import { isSampled } from "./sampling.ts";

const wantedHere: Wanted = { names: new NameFinder(wantedNames), late: new NameFinder(lateNames) };
const { stringLength } = OTLP_LIMITS;

interface Collected {
  readonly resource: Map<string, AttributeValue>;
  readonly spans: Span[];
  readonly logs: LogRecord[];
  readonly points: MetricPoint[];
}

/** A whole request. Throws for bytes that are none; whoever calls turns that into words. */
export function readRequest(walk: Walk, end: number, signal: Signal, room: Room): ResourceRecords[] {
  const resources: ResourceRecords[] = [];
  eachField(walk, end, (field, wireType) => {
    if (field !== 1) return false;
    resources.push(readResource(walk, messageEnd(walk, wireType, end), signal, room));
    return true;
  });
  return resources;
}

function readResource(walk: Walk, end: number, signal: Signal, room: Room): ResourceRecords {
  const into: Collected = { resource: new Map(), spans: [], logs: [], points: [] };
  eachField(walk, end, (field, wireType) => {
    if (field === 1) readAttributesOf(walk, messageEnd(walk, wireType, end), into.resource);
    else if (field === 2) readScope(walk, messageEnd(walk, wireType, end), signal, into, room);
    else return false;
    return true;
  });
  return into;
}

/** Of a Resource: its attributes are the first field. */
function readAttributesOf(walk: Walk, end: number, into: Map<string, AttributeValue>): void {
  eachField(walk, end, (field, wireType) => {
    if (field !== 1) return false;
    readAttribute(walk, messageEnd(walk, wireType, end), everyName, into);
    return true;
  });
}

function readScope(walk: Walk, end: number, signal: Signal, into: Collected, room: Room): void {
  let scope = "";
  eachField(walk, end, (field, wireType) => {
    if (field === 1) scope = readScopeName(walk, messageEnd(walk, wireType, end));
    else if (field === 2) {
      const recordEnd = messageEnd(walk, wireType, end);
      if (signal === "metrics") readMetric(walk, recordEnd, scope, { points: into.points, room });
      else if (room.left-- <= 0) walk.pos = recordEnd;
      else if (signal === "traces") into.spans.push(readSpan(walk, recordEnd));
      else into.logs.push(readLog(walk, recordEnd, scope));
    } else return false;
    return true;
  });
}

function readScopeName(walk: Walk, end: number): string {
  let name = "";
  eachField(walk, end, (field, wireType) => {
    if (field !== 1 || wireType !== 2) return false;
    name = readText(walk, end, stringLength);
    return true;
  });
  return name;
}

function readSpan(walk: Walk, end: number): Span {
  let trace = "";
  let span = "";
  let parent = "";
  let name = "";
  let traceState = "";
  let endedAt = 0;
  let flags = 0;
  let failed = false;
  let attributes = null as Map<string, AttributeValue> | null;
  eachField(walk, end, (field, wireType) => {
    if (field === 9) {
      attributes ??= new Map();
      readAttribute(walk, messageEnd(walk, wireType, end), wantedHere, attributes);
    } else if (field === 1 && wireType === 2) trace = readHex(walk, end);
    else if (field === 2 && wireType === 2) span = readHex(walk, end);
    else if (field === 3 && wireType === 2) traceState = readText(walk, end, stringLength);
    else if (field === 4 && wireType === 2) parent = readHex(walk, end);
    else if (field === 5 && wireType === 2) name = readText(walk, end, stringLength);
    else if (field === 8 && wireType === 1) endedAt = readNanos(walk);
    else if (field === 15) failed = readStatus(walk, messageEnd(walk, wireType, end));
    else if (field === 16 && wireType === 5) flags = walk.fixed32();
    else return false;
    return true;
  });
  const found = attributes ?? noAttributes;
  const sampled = isSampled(flags, traceState, found);
  return { trace, span, parent: parent === "" ? null : parent, name, endedAt, failed, sampled, attributes: found };
}

function readStatus(walk: Walk, end: number): boolean {
  let code = 0;
  eachField(walk, end, (field, wireType) => {
    if (field !== 3 || wireType !== 0) return false;
    code = walk.uint32();
    return true;
  });
  return code === 2;
}

function readLog(walk: Walk, end: number, scope: string): LogRecord {
  let at = 0;
  let observedAt = 0;
  let trace = "";
  let span = "";
  let eventName = "";
  let body = "";
  const attributes = new Map<string, AttributeValue>();
  eachField(walk, end, (field, wireType) => {
    if (field === 6) readAttribute(walk, messageEnd(walk, wireType, end), wantedHere, attributes);
    else if (field === 1 && wireType === 1) at = readNanos(walk);
    else if (field === 11 && wireType === 1) observedAt = readNanos(walk);
    else if (field === 5) body = String(readScalar(walk, messageEnd(walk, wireType, end)) ?? "");
    else if (field === 9 && wireType === 2) trace = readHex(walk, end);
    else if (field === 10 && wireType === 2) span = readHex(walk, end);
    else if (field === 12 && wireType === 2) eventName = readText(walk, end, stringLength);
    else return false;
    return true;
  });
  return {
    at: at === 0 ? observedAt : at,
    trace: trace === "" ? null : trace,
    span: span === "" ? null : span,
    event: eventNameOf(eventName, attributes, body),
    scope,
    attributes,
  };
}
