// Metrics of one request: one call for each model and export, with all classes of tokens that grew.

import { createHash } from "node:crypto";
import { SECOND, type DurationMs, type Ms } from "@midwatch/core";
import {
  cleanMicros,
  metered,
  metricShares,
  Remarks,
  type MetricShare,
  type MetricTarget,
} from "@midwatch/protocol/otlp";
import type { SeriesPoint, Store } from "@midwatch/store";
import type { CollectedBatch, OwnedRecords } from "./batch.ts";
import { growthOf, seriesKey } from "./series-growth.ts";

/** Points of one export are stamped one after the other, within this. */
const exportMs: DurationMs = SECOND;

interface Grown {
  readonly share: MetricShare;
  readonly series: string;
  readonly growth: number;
}

export async function takeMetrics(
  records: readonly OwnedRecords[],
  now: Ms,
  store: Pick<Store, "series" | "agent">,
  into: CollectedBatch,
): Promise<void> {
  for (const { agent, resource, points } of records) {
    const shares = metricShares(points).toSorted((a, b) => a.point.at - b.point.at);
    if (shares.length === 0) continue;
    const keyed = shares.map((share) => ({ share, series: seriesKey(agent, resource, share.point) }));
    const cumulative = keyed.filter(({ share }) => share.point.isCumulative).map(({ series }) => series);
    const stood = new Map(cumulative.length === 0 ? [] : await store.series([...new Set(cumulative)]));
    const firstSeenAt = (await store.agent(agent))?.state.firstSeenAt ?? now;
    const grown = keyed.map(({ share, series }) => ({
      share,
      series,
      growth: grow(share, series, { stood, firstSeenAt, into }),
    }));
    for (const group of exportsOf(grown.filter(({ growth }) => growth > 0))) addCall(agent, group, into);
  }
}

function grow(
  { point, value }: MetricShare,
  series: string,
  given: { readonly stood: Map<string, SeriesPoint>; readonly firstSeenAt: Ms; readonly into: CollectedBatch },
): number {
  const known = given.stood.get(series);
  const growth = growthOf(point, value, known, given.firstSeenAt);
  if (point.isCumulative && (known === undefined || point.at > known.at)) {
    const next: SeriesPoint = { key: series, startedAt: point.startedAt, at: point.at, value };
    given.stood.set(series, next);
    given.into.series.push(next);
  }
  return growth;
}

/** By model, and within a model by export: a collector may put several of one sender into one request. */
function exportsOf(grown: readonly Grown[]): readonly (readonly Grown[])[] {
  const groups: Grown[][] = [];
  const byModel = Map.groupBy(grown, ({ share }) => `${share.provider ?? ""}\n${share.model ?? ""}`);
  for (const ofModel of byModel.values()) {
    let group: Grown[] = [];
    for (const one of ofModel) {
      const last = group.at(-1);
      if (!last || one.share.point.at - last.share.point.at > exportMs) groups.push((group = []));
      group.push(one);
    }
  }
  return groups;
}

function addCall(agent: string, group: readonly Grown[], into: CollectedBatch): void {
  const sums: Record<MetricTarget, number> = {
    inputTokens: 0,
    outputTokens: 0,
    cacheReadTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
    costUsd: 0,
    calls: 0,
  };
  for (const { share, growth } of group) for (const target of share.adds) sums[target] += growth;
  const remarks = new Remarks();
  const inputTokens = Math.min(Math.round(sums.inputTokens), mostTokens);
  const outputTokens = Math.min(Math.round(sums.outputTokens), mostTokens);
  // Of durations alone there is nothing to count.
  if (inputTokens + outputTokens === 0 && sums.costUsd === 0) return;
  const cached = Math.round(sums.cacheReadTokens + sums.cacheWriteTokens);
  if (cached > inputTokens) remarks.add("cached tokens exceed the input");
  const cacheReadTokens = Math.min(Math.round(sums.cacheReadTokens), inputTokens);
  const [last] = group.slice(-1);
  const sessions = new Set(group.map(({ share }) => share.session));
  const call = metered({
    key: `metric/${digestOf(group)}`,
    at: last?.share.point.at ?? 0,
    source: "metric",
    provider: last?.share.provider ?? null,
    model: last?.share.model ?? null,
    calls: Math.round(sums.calls) || (inputTokens + outputTokens > 0 ? 1 : 0),
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens: Math.min(Math.round(sums.cacheWriteTokens), inputTokens - cacheReadTokens),
    reasoningTokens: Math.min(Math.round(sums.reasoningTokens), outputTokens),
    costUsdMicros: sums.costUsd === 0 ? null : cleanMicros(sums.costUsd * 1e6, "the cost", remarks),
    session: sessions.size === 1 ? ([...sessions][0] ?? null) : null,
    remarks: remarks.list,
  });
  into.add(agent, call);
}

const mostTokens = 1_000_000_000_000;

/** The same points again, sent because an answer was lost, have the same key. */
function digestOf(group: readonly Grown[]): string {
  const told = group.map(({ series, share }) => `${series}/${share.point.startedAt}/${share.point.at}`).toSorted();
  return createHash("sha256").update(told.join("\n")).digest("hex").slice(0, 40);
}
