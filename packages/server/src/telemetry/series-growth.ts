// How much a metric grew. A delta point is its own growth. A cumulative one is compared with where its series stood, which is
// kept in the store: after a restart of ours nothing is counted twice, and nothing that happened meanwhile is lost.

import { createHash } from "node:crypto";
import { HOUR, type Ms } from "@midwatch/core";
import type { Attributes, MetricPoint } from "@midwatch/protocol/otlp";
import type { SeriesPoint } from "@midwatch/store";

/** A series may be this much older than our first sight of its agent and still be counted from its beginning. */
const marginMs = HOUR;

/**
 * Names a series: whose it is, where it comes from, what it measures. The start belongs to it: two processes that call themselves
 * alike take turns, and each would look like a reset of the other.
 */
export function seriesKey(agent: string, resource: Attributes, point: MetricPoint): string {
  const { metric, scope, attributes, startedAt } = point;
  const named = [agent, sorted(resource), scope, metric, sorted(attributes), point.isCumulative, startedAt];
  return createHash("sha256").update(JSON.stringify(named)).digest("hex").slice(0, 32);
}

function sorted(attributes: Attributes): readonly unknown[] {
  return [...attributes].sort(([a], [b]) => (a < b ? -1 : 1));
}

/**
 * | cumulative point | growth |
 * |---|---|
 * | of a series that is not known, begun since we know the agent | all of it |
 * | of a series that is not known, begun earlier or nobody says when | none: a base line |
 * | not later than the last one | none: told before, or out of order |
 * | higher than the last one | the difference |
 * | lower than the last one | all of it: it began anew |
 */
export function growthOf(
  point: Pick<MetricPoint, "isCumulative" | "startedAt" | "at">,
  value: number,
  known: SeriesPoint | undefined,
  firstSeenAt: Ms,
): number {
  if (!point.isCumulative) return value;
  if (known === undefined) {
    const isOurs = point.startedAt !== 0 && point.startedAt >= firstSeenAt - marginMs;
    return isOurs ? value : 0;
  }
  if (point.at <= known.at) return 0;
  return value >= known.value ? value - known.value : value;
}
