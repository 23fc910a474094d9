import { everyName, readAttribute } from "./protobuf-attributes.ts";
import {
  eachField,
  messageEnd,
  readFixed64,
  readInt64,
  readNanos,
  readSignedFixed64,
  readText,
  type Walk,
} from "./protobuf-walk.ts";
import { OTLP_LIMITS, type AttributeValue, type MetricPoint } from "./records.ts";

const { stringLength } = OTLP_LIMITS;

/** Room for records of one request, counted down; below zero they are counted and dropped. */
export interface Room {
  left: number;
}

export interface PointsInto {
  readonly points: MetricPoint[];
  readonly room: Room;
}

/** Sums are field 7, histograms 9, exponential histograms 10; gauges and summaries say nothing of usage. */
export function readMetric(walk: Walk, end: number, scope: string, into: PointsInto): void {
  let metric = "";
  const data: { readonly field: number; readonly start: number; readonly end: number }[] = [];
  eachField(walk, end, (field, wireType) => {
    if (field === 1 && wireType === 2) metric = readText(walk, end, stringLength);
    else if (field === 7 || field === 9 || field === 10) {
      const dataEnd = messageEnd(walk, wireType, end);
      data.push({ field, start: walk.pos, end: dataEnd });
      walk.pos = dataEnd;
    } else return false;
    return true;
  });
  for (const { field, start, end: dataEnd } of data) {
    walk.pos = start;
    readData(walk, dataEnd, { metric, scope, isHistogram: field !== 7 }, into);
  }
  walk.pos = end;
}

function readData(
  walk: Walk,
  end: number,
  of: { readonly metric: string; readonly scope: string; readonly isHistogram: boolean },
  { points: all, room }: PointsInto,
): void {
  const { metric, scope, isHistogram } = of;
  const points: Omit<MetricPoint, "isCumulative">[] = [];
  let temporality = 0;
  eachField(walk, end, (field, wireType) => {
    if (field === 2 && wireType === 0) temporality = walk.uint32();
    else if (field === 1) {
      const pointEnd = messageEnd(walk, wireType, end);
      if (room.left-- <= 0) walk.pos = pointEnd;
      else if (isHistogram) points.push({ metric, scope, ...readHistogramPoint(walk, pointEnd) });
      else points.push({ metric, scope, ...readNumberPoint(walk, pointEnd) });
    } else return false;
    return true;
  });
  // Neither delta nor cumulative: nothing can be said of its growth.
  if (temporality !== 1 && temporality !== 2) return;
  for (const point of points) all.push({ ...point, isCumulative: temporality === 2 });
}

type PointFacts = Omit<MetricPoint, "metric" | "scope" | "isCumulative">;

function readNumberPoint(walk: Walk, end: number): PointFacts {
  const attributes = new Map<string, AttributeValue>();
  let startedAt = 0;
  let at = 0;
  let value = 0;
  eachField(walk, end, (field, wireType) => {
    if (field === 7) readAttribute(walk, messageEnd(walk, wireType, end), everyName, attributes);
    else if (field === 2 && wireType === 1) startedAt = readNanos(walk);
    else if (field === 3 && wireType === 1) at = readNanos(walk);
    else if (field === 4 && wireType === 1) value = walk.double();
    else if (field === 6 && wireType === 1) value = readSignedFixed64(walk);
    else return false;
    return true;
  });
  return { startedAt, at, value, count: null, attributes };
}

/** Attributes are field 9 of a histogram's point and field 1 of an exponential one's; the rest has the same numbers. */
function readHistogramPoint(walk: Walk, end: number): PointFacts {
  const attributes = new Map<string, AttributeValue>();
  let startedAt = 0;
  let at = 0;
  let value = 0;
  let count = 0;
  eachField(walk, end, (field, wireType) => {
    if ((field === 9 || field === 1) && wireType === 2) {
      readAttribute(walk, messageEnd(walk, wireType, end), everyName, attributes);
    } else if (field === 2 && wireType === 1) startedAt = readNanos(walk);
    else if (field === 3 && wireType === 1) at = readNanos(walk);
    else if (field === 4 && wireType === 1) count = readFixed64(walk);
    else if (field === 4 && wireType === 0) count = readInt64(walk);
    else if (field === 5 && wireType === 1) value = walk.double();
    else return false;
    return true;
  });
  return { startedAt, at, value, count, attributes };
}
