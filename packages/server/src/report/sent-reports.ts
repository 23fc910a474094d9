// A report that was sent is kept, as it was sent. Facts that arrive later (a supervisor's spool, a person's correction) make
// the report of that time come out differently when it is asked for again, and a reader of both must be told so. What is
// compared is a digest of what the report says about the time itself. What is open *now*, and what it is compared with,
// changes all the time and makes no revision.

import { createHash } from "node:crypto";
import type { AgentReport, Report, ReportPeriod } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import { clipBytes } from "../message-text.ts";
import type { SentReport } from "./index.ts";

interface KeptReport extends SentReport {
  readonly zone: string;
  readonly digest: string;
}

export const reportFactPrefix = "report:";
/** Of the text that is kept; a year of reports stays below 25 MB. */
const maxTextBytes = 64 * 1024;

/** What a report is kept under: "2026-11-24", "week:2026-11-23", "month:2026-11". */
export function nameOf({ period, date }: { readonly period: ReportPeriod; readonly date: string }): string {
  switch (period) {
    case "day":
      return date;
    case "week":
      return `week:${date}`;
    case "month":
      return `month:${date.slice(0, 7)}`;
  }
}

/** True when this report was sent, or was found not worth sending. */
export async function isSettled(store: Pick<Store, "fact">, name: string): Promise<boolean> {
  return (await store.fact(reportFactPrefix + name)) !== null;
}

export async function keepSent(store: Pick<Store, "claimFact">, report: Report, text: string): Promise<void> {
  const kept: KeptReport = {
    at: report.madeAt,
    zone: report.zone,
    digest: digestOf(report),
    text: clipBytes(text, maxTextBytes),
  };
  await store.claimFact(reportFactPrefix + nameOf(report), JSON.stringify(kept));
}

/** There was nothing to tell: no agent was known then. */
export async function keepUnsent(store: Pick<Store, "claimFact">, name: string): Promise<void> {
  await store.claimFact(reportFactPrefix + name, "null");
}

/** What was sent about this time, and whether more is known now; a report on the same date in another zone is another one. */
export async function findSent(
  store: Pick<Store, "fact">,
  report: Report,
): Promise<{ readonly sent: SentReport | null; readonly revised: boolean }> {
  const stored = await store.fact(reportFactPrefix + nameOf(report));
  // Written above only.
  const kept = stored === null ? null : (JSON.parse(stored) as KeptReport | null);
  if (kept === null || kept.zone !== report.zone) return { sent: null, revised: false };
  return { sent: { at: kept.at, text: kept.text }, revised: kept.digest !== digestOf(report) };
}

function digestOf(report: Report): string {
  const said = report.agents.map((agent) => saidOf(agent, report));
  return createHash("sha256").update(JSON.stringify(said)).digest("base64url");
}

function saidOf({ name, alive, restarts, cost, events, recovered }: AgentReport, { to }: Report): unknown {
  const { tokens, cycles, maxCycleTokens, costUsdMicros, unpricedBeats } = cost;
  return {
    name,
    alive,
    restarts,
    used: { tokens, cycles, maxCycleTokens, costUsdMicros, unpricedBeats },
    // An end after it was not known when it ended.
    events: events.map(({ at, kind, endedAt }) => [at, kind, endedAt !== null && endedAt < to ? endedAt : null]),
    recovered: recovered.map(({ kind, since, resolvedAt, by }) => [kind, since, resolvedAt, by]),
  };
}
