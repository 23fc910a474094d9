// Collects what one day's report is made of. Everything is read agent by agent along an index, a few agents per turn of the
// event loop: a report over a thousand agents takes a second, and no beat waits for it.

import {
  graceOf,
  stateAfter,
  type AgentFacts,
  type ReportFacts,
  type HistoryEntry,
  type HistoryKind,
  type IncidentFact,
  type Ms,
  type Span,
} from "@midwatch/core";
import type { AgentRow, PageOf, PageQuery, Store, StoredIncident } from "@midwatch/store";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SettingsOf } from "../settings.ts";
import { gapFactPrefix, type Gap } from "../sweeper/sight.ts";
import type { ReportDay } from "./report-day.ts";

export interface FactSources {
  readonly store: Pick<Store, "agents" | "history" | "incidents" | "hours" | "beats" | "factsWith">;
  readonly settingsOf: SettingsOf;
}

const pageSize = 500;
/** Of one agent's lists in one day: 50,000 lines, far more than a day of crashing writes. What is older is left out. */
const maxPages = 100;
const agentsPerTurn = 10;

export async function gatherFacts(day: ReportDay, now: Ms, sources: FactSources): Promise<ReportFacts> {
  const gaps = await gapsIn(day, sources.store);
  const agents: AgentFacts[] = [];
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    const page: PageOf<AgentRow> = await sources.store.agents({ limit: pageSize, cursor });
    for (const [index, row] of page.items.entries()) {
      if (index % agentsPerTurn === 0) await nextTurn();
      if (row.state.firstSeenAt < day.to) agents.push(await agentFacts(row, { day, now, gaps }, sources));
    }
    cursor = page.next;
  }
  const { date, zone, from, to } = day;
  return { date, zone, from, to, madeAt: now, agents };
}

interface Asked {
  readonly day: ReportDay;
  readonly now: Ms;
  readonly gaps: readonly Span[];
}

async function agentFacts(row: AgentRow, { day, now, gaps }: Asked, sources: FactSources): Promise<AgentFacts> {
  const { store, settingsOf } = sources;
  const { name, state } = row;
  const { recovery, supervisor } = state;
  const { from, to, weekFrom } = day;
  const hours = await store.hours({ agent: name, from: weekFrom, to });
  return {
    name,
    firstSeenAt: state.firstSeenAt,
    liveness: settingsOf(row.overrides).liveness,
    atStart: await stateAt(row, from, store),
    history: await historyOf(name, day, store),
    incidents: await incidentsOf(row, { day, now }, store),
    blind: gaps,
    covered: await coveredBySpool(row, gaps, sources),
    mending: recovery !== null && mending.has(recovery.phase) && supervisor?.lost === false,
    // An hour of the ledger is one of UTC. Where the zone is off by half an hour, the one that midnight cuts counts for the day it began in.
    hours: hours.filter(({ hour }) => hour >= from),
    beforeHours: hours.filter(({ hour }) => hour < from),
    baseline: await baselineAt(name, from, store),
  };
}

const mending: ReadonlySet<string> = new Set(["starting", "probation", "cooldown"]);

/** What the agent was when the day began: what it is, if it has not changed since; else what its history says. */
async function stateAt(row: AgentRow, at: Ms, store: Pick<Store, "history">): Promise<AgentFacts["atStart"]> {
  const { state, since, firstSeenAt } = row.state;
  if (firstSeenAt >= at) return null;
  const { items } = await store.history(row.name, { to: at, kinds: ["state-changed"], limit: 1, cursor: null });
  if (items[0]) return stateAfter(items[0]);
  // Nothing is written of it: it has been so from the start, or what was written is no longer kept.
  return since < at ? { state, since, why: null } : { state: "new", since: firstSeenAt, why: null };
}

/** All that the report reads. Leases and learned intervals come with every other beat and say nothing here. */
const reportedKinds: readonly HistoryKind[] = [
  "state-changed",
  "run-started",
  "started",
  "start-refused",
  "exited",
  "hung",
  "state-invalid",
  "restarted",
  "recovery-changed",
  "commanded",
];

/** In the order in which it was written. */
async function historyOf(
  agent: string,
  { from, to }: ReportDay,
  store: Pick<Store, "history">,
): Promise<HistoryEntry[]> {
  const events = await readPages((page) => store.history(agent, { from, to, kinds: reportedKinds, ...page }));
  return events.toSorted((a, b) => a.id - b.id).map(({ at, kind, text, data }) => ({ at, kind, text, data }));
}

async function incidentsOf(
  row: AgentRow,
  { day, now }: Pick<Asked, "day" | "now">,
  store: Pick<Store, "incidents">,
): Promise<readonly IncidentFact[]> {
  const agent = row.name;
  const found = new Map<number, StoredIncident>();
  const overlapping = await readPages((page) => store.incidents({ agent, from: day.from, to: day.to, ...page }));
  for (const one of overlapping) found.set(one.id, one);
  // What was opened after the day and is open now is asked of a person now, whatever day it is about.
  const more = row.state.incidents.length > 0 && day.to <= now;
  const open = more ? await readPages((page) => store.incidents({ agent, open: true, ...page })) : [];
  for (const one of open) found.set(one.id, one);
  return [...found.values()].sort((a, b) => a.id - b.id).map(incidentFact);
}

function incidentFact({ id, incident, resolvedAt, resolvedBy }: StoredIncident): IncidentFact {
  const { kind, severity, since, openedAt, title, text, acknowledged } = incident;
  return {
    id,
    kind,
    severity,
    since,
    openedAt,
    title,
    text,
    acknowledged: acknowledged !== null,
    resolvedAt,
    resolvedBy,
  };
}

/** How far back the mean that stands for "before the day" reaches, in beats. */
const baselineBeats = 100;

/**
 * What the day is compared with: the mean of the baselines of the last cycles before it. An agent whose cycles are of several
 * kinds has a baseline for each, and this mean weighs them as often as they ran.
 */
async function baselineAt(agent: string, at: Ms, store: Pick<Store, "beats">): Promise<number | null> {
  const { items } = await store.beats(agent, { to: at, limit: baselineBeats, cursor: null });
  const baselines = items.flatMap(({ baseline, tokens }) => (baseline === null || tokens === 0 ? [] : [baseline]));
  return baselines.length === 0 ? null : baselines.reduce((sum, one) => sum + one, 0) / baselines.length;
}

async function gapsIn({ from, to }: ReportDay, store: Pick<Store, "factsWith">): Promise<readonly Span[]> {
  const facts = await store.factsWith(gapFactPrefix);
  // Written by `Sight` only.
  const gaps = facts.map(({ value }) => JSON.parse(value) as Gap);
  return gaps.filter((gap) => gap.from < to && gap.to > from).map((gap) => ({ from: gap.from, to: gap.to }));
}

/** A beat that a supervisor received while the server was blind shows that the loop turned: from then on for one interval. */
async function coveredBySpool(row: AgentRow, gaps: readonly Span[], sources: FactSources): Promise<readonly Span[]> {
  const { intervalMs } = row.state;
  const seenMs = intervalMs + graceOf(intervalMs, sources.settingsOf(row.overrides));
  const covered: Span[] = [];
  for (const gap of gaps) {
    const beats = await readPages((page) => sources.store.beats(row.name, { from: gap.from, to: gap.to, ...page }));
    // What was only metered proves no loop.
    const lived = beats.filter(({ status }) => status !== "metered");
    for (const { at } of lived) covered.push({ from: at, to: Math.min(at + seenMs, gap.to) });
    const first = lived.at(-1);
    // The last beat that the server saw itself reaches into the gap.
    if (first && first.at - gap.from <= seenMs) covered.push({ from: gap.from, to: first.at });
  }
  return covered;
}

async function readPages<T>(read: (page: PageQuery) => Promise<PageOf<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let pages = 0; pages < maxPages; pages += 1) {
    const page: PageOf<T> = await read({ limit: pageSize, cursor });
    items.push(...page.items);
    if (page.next === null) break;
    cursor = page.next;
  }
  return items;
}
