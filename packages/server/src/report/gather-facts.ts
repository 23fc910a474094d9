// Collects what a report is made of. Everything is read agent by agent along an index, a few agents per turn of the event
// loop: a report over a thousand agents takes seconds, and no beat waits for it.

import {
  graceOf,
  stateAfter,
  type AgentFacts,
  type HistoryEntry,
  type HistoryKind,
  type IncidentFact,
  type ModelFacts,
  type Ms,
  type ReportFacts,
  type Span,
} from "@midwatch/core";
import type { AgentRow, HourRow, PageOf, PageQuery, Store, StoredIncident } from "@midwatch/store";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { SettingsOf } from "../settings.ts";
import { gapFactPrefix, type Gap } from "../sweeper/sight.ts";
import { deathsOf } from "./gather-deaths.ts";
import type { ReportSpan } from "./report-span.ts";

export interface FactSources {
  readonly store: Pick<
    Store,
    "agent" | "agents" | "history" | "incidents" | "hours" | "modelSums" | "beats" | "factsWith"
  >;
  readonly settingsOf: SettingsOf;
}

const pageSize = 500;
/** Of one agent's lists in one period: 50,000 lines, far more than a day of crashing writes. What is older is left out. */
const maxPages = 100;
const agentsPerTurn = 10;

/** `only` names the one agent to tell of; null when there is none of this name. */
export async function gatherFacts(
  span: ReportSpan,
  now: Ms,
  sources: FactSources & { readonly only: string | null },
): Promise<ReportFacts> {
  const { store, only } = sources;
  const asked = { span, now, gaps: await gapsIn(span, store), models: await modelsIn(span, only, store) };
  const agents: AgentFacts[] = [];
  for await (const rows of rowsOf(only, store)) {
    await nextTurn();
    const known = rows.filter(({ state }) => state.firstSeenAt < span.to);
    // An hour of the ledger is one of UTC. Where the zone is off by half an hour, the one that midnight cuts counts for the day it began in.
    const hours = Map.groupBy(
      await store.hours({
        agents: known.map(({ name }) => name),
        from: Math.min(span.beforeFrom, slowFromOf(span)),
        to: span.to,
      }),
      ({ agent }) => agent,
    );
    for (const row of known) agents.push(await agentFacts(row, hours.get(row.name) ?? [], asked, sources));
  }
  const { period, date, zone, from, to, days, slowDays, beforeDays } = span;
  return { period, date, zone, from, to, madeAt: now, days, slowDays, beforeDays, agents };
}

function slowFromOf({ slowDays, from }: ReportSpan): Ms {
  return slowDays[0]?.from ?? from;
}

/** A few at a time. */
async function* rowsOf(
  only: string | null,
  store: Pick<Store, "agent" | "agents">,
): AsyncIterable<readonly AgentRow[]> {
  if (only !== null) {
    const row = await store.agent(only);
    if (row !== null) yield [row];
    return;
  }
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    const page: PageOf<AgentRow> = await store.agents({ limit: agentsPerTurn, cursor });
    yield page.items;
    cursor = page.next;
  }
}

interface Asked {
  readonly span: ReportSpan;
  readonly now: Ms;
  readonly gaps: readonly Span[];
  readonly models: ReadonlyMap<string, readonly ModelFacts[]>;
}

async function agentFacts(
  row: AgentRow,
  hours: readonly HourRow[],
  { span, now, gaps, models }: Asked,
  sources: FactSources,
): Promise<AgentFacts> {
  const { store, settingsOf } = sources;
  const { name, state } = row;
  const { recovery, supervisor } = state;
  const { from, to, beforeFrom } = span;
  const slowFrom = slowFromOf(span);
  const since = Math.min(from, slowFrom);
  const history = await historyOf(name, { from: since, to }, store);
  const incidents = await incidentsOf(row, { span: { from: since, to }, now }, store);
  const { slowDays } = span;
  const isSlow = (at: Ms): boolean => at >= slowFrom && at < (slowDays.at(-1)?.to ?? slowFrom);
  const beforeHours = hours.filter(({ hour }) => hour >= beforeFrom && hour < from);
  const slow = { history: history.filter(({ at }) => isSlow(at)), hours: hours.filter(({ hour }) => isSlow(hour)) };
  return {
    name,
    firstSeenAt: state.firstSeenAt,
    liveness: settingsOf(row.overrides).liveness,
    atStart: await stateAt(row, from, store),
    history: history.filter(({ at }) => at >= from),
    incidents: incidents.filter(({ resolvedAt }) => resolvedAt === null || resolvedAt >= from),
    blind: gaps,
    covered: await coveredBySpool(row, gaps, sources),
    mending: recovery !== null && mending.has(recovery.phase) && supervisor?.lost === false,
    hours: hours.filter(({ hour }) => hour >= from),
    beforeHours,
    models: models.get(name) ?? [],
    slow: {
      ...slow,
      incidents: incidents.filter(({ openedAt }) => isSlow(openedAt)),
      deaths: await deathsOf(name, slow, store),
    },
    baseline: baselineBefore(beforeHours),
  };
}

const mending: ReadonlySet<string> = new Set(["starting", "probation", "cooldown"]);

/** What counts, by agent and day. Added up in the store: the hours of a month are a hundred thousand rows. */
async function modelsIn(
  { days }: ReportSpan,
  only: string | null,
  store: Pick<Store, "modelSums">,
): Promise<ReadonlyMap<string, readonly ModelFacts[]>> {
  const models = new Map<string, ModelFacts[]>();
  for (const { date, from, to } of days) {
    await nextTurn();
    for (const { agent, ...sum } of await store.modelSums({ ...(only === null ? {} : { agent: only }), from, to })) {
      const list = models.get(agent) ?? [];
      models.set(agent, list);
      list.push({ date, ...sum });
    }
  }
  return models;
}

/** What the agent was when the period began: what it is, if it has not changed since; else what its history says. */
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
async function historyOf(agent: string, { from, to }: Span, store: Pick<Store, "history">): Promise<HistoryEntry[]> {
  const events = await readPages((page) => store.history(agent, { from, to, kinds: reportedKinds, ...page }));
  return events.toSorted((a, b) => a.id - b.id).map(({ at, kind, text, data }) => ({ at, kind, text, data }));
}

async function incidentsOf(
  row: AgentRow,
  { span, now }: { readonly span: Span; readonly now: Ms },
  store: Pick<Store, "incidents">,
): Promise<readonly IncidentFact[]> {
  const agent = row.name;
  const found = new Map<number, StoredIncident>();
  const overlapping = await readPages((page) => store.incidents({ agent, from: span.from, to: span.to, ...page }));
  for (const one of overlapping) found.set(one.id, one);
  // What was opened after the period and is open now is asked of a person now, whatever it is about.
  const more = row.state.incidents.length > 0 && span.to <= now;
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

/** Cycles that the mean that stands for "before" is made of, at least, where there are as many. */
const baselineCycles = 100;

/**
 * What the period is compared with: the mean of the baselines of the last cycles before it. An agent whose cycles are of several
 * kinds has a baseline for each, and this mean weighs them as often as they ran.
 */
function baselineBefore(hours: readonly HourRow[]): number | null {
  let [cycles, sum] = [0, 0];
  for (const { cycles: judged, baseline } of hours.toReversed()) {
    if (baseline === null) continue;
    cycles += judged;
    sum += baseline * judged;
    if (cycles >= baselineCycles) break;
  }
  return cycles === 0 ? null : sum / cycles;
}

async function gapsIn({ from, to }: Span, store: Pick<Store, "factsWith">): Promise<readonly Span[]> {
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
