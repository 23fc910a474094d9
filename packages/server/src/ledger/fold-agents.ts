// Folds events into agents: every event goes through the pure `step` of the core, and what comes out is gathered into one
// description of everything to write. It may run more than once for the same jobs (an engine may have to retry), so it
// builds its results anew each time and touches nothing outside.

import {
  addUp,
  dropSettledNotices,
  newAgent,
  nextDeadline,
  nothingSpent,
  step,
  type AgentEvent,
  type AgentSettings,
  type AgentState,
  type AlertNotice,
  type BeatOutcome,
  type Effect,
  type HistoryEntry,
  type Incident,
  type Ms,
  type PricedCall,
  type ResolvedBy,
  type Spend,
  type StepResult,
} from "@midwatch/core";
import type {
  AgentOverrides,
  AgentRow,
  AgentWrite,
  BeatRecord,
  CallRecord,
  EvidenceDraft,
  IncidentWrite,
  KnownCalls,
  UsageRecord,
} from "@midwatch/store";
import { noOverrides, type SettingsOf } from "../settings.ts";
import { beatRecord, isCounted, minuteRecord } from "./beat-record.ts";

/** What has happened to one agent, or is asked for it. */
export interface AgentJob {
  readonly name: string;
  /** In order. */
  readonly events: readonly AgentEvent[];
  /** Registers the agent at this time if it is not known; null leaves an unknown agent alone. */
  readonly registerAt: Ms | null;
  /** New overrides from the present ones; the same object means no change. */
  readonly change?: (overrides: AgentOverrides) => AgentOverrides;
  /** Ends alerts and reports of the agent, and whatever is open. */
  readonly forgetAt?: Ms;
  /** A spool is being delivered and may hold more: nothing is due before this, and what is over already is not told. */
  readonly replayUntil?: Ms;
  /** Lines for the history that no rule decides. */
  readonly entries?: readonly HistoryEntry[];
  /** What the events tell was taken, whole. */
  readonly evidence?: readonly EvidenceDraft[];
}

/** One notification-to-be: something a person should hear about one agent. */
export interface Notice {
  readonly agent: string;
  readonly what: AlertNotice["what"];
  readonly at: Ms;
  readonly title: string;
  readonly text: string;
  readonly incident: Incident;
  readonly resolved: { readonly at: Ms; readonly by: ResolvedBy } | null;
  /** Who acknowledged it. */
  readonly by: string | null;
}

/** What became of one event of a job. */
export interface EventOutcome {
  readonly state: AgentState;
  readonly beat: BeatOutcome | null;
}

export interface AgentOutcome {
  readonly name: string;
  /** Null when the job registered the agent. */
  readonly before: AgentState | null;
  readonly state: AgentState;
  readonly settings: AgentSettings;
  readonly overrides: AgentOverrides;
  readonly forgotten: boolean;
  readonly events: readonly EventOutcome[];
  readonly beats: readonly BeatRecord[];
  /** What was counted as spent. */
  readonly spend: Spend;
}

export interface Folded {
  readonly writes: readonly AgentWrite[];
  /** By name; agents that are unknown and not to be registered are missing. */
  readonly outcomes: ReadonlyMap<string, AgentOutcome>;
  readonly notices: readonly Notice[];
}

export interface FoldRules {
  readonly settingsOf: SettingsOf;
  readonly moveDeadlines: boolean;
  /** Calls that were stored before. */
  readonly known: KnownCalls;
}

export function foldAgents(jobs: readonly AgentJob[], rows: ReadonlyMap<string, AgentRow>, given: FoldRules): Folded {
  const writes: AgentWrite[] = [];
  const outcomes = new Map<string, AgentOutcome>();
  const notices: Notice[] = [];
  for (const job of jobs) {
    const row = rows.get(job.name);
    if (!row && job.registerAt === null) continue;
    const { outcome, write } = foldOne(job, row, given, notices);
    outcomes.set(job.name, outcome);
    writes.push(write);
  }
  return { writes, outcomes, notices };
}

function foldOne(
  job: AgentJob,
  row: AgentRow | undefined,
  given: FoldRules,
  notices: Notice[],
): { readonly outcome: AgentOutcome; readonly write: AgentWrite } {
  const known = row?.overrides ?? noOverrides;
  const overrides = job.change?.(known) ?? known;
  const settings = given.settingsOf(overrides);
  const before = row?.state ?? null;
  const awaited = job.events[0]?.type !== "usage";
  let state = before ?? newAgent(job.name, job.registerAt ?? 0, settings, { awaited });
  const gathered: Gathered = { history: [...(job.entries ?? [])], incidents: [], beats: [], calls: [], usage: [] };
  const fresh = freshCalls(job.name, given.known);
  let spend = nothingSpent;
  const events: EventOutcome[] = [];
  const wasForgotten = (row?.forgottenAt ?? null) !== null;
  const revived =
    wasForgotten && job.events.some(({ type }) => type === "beat" || type === "started" || type === "usage");
  const forgotten = job.forgetAt !== undefined || (wasForgotten && !revived);
  const effects: Effect[] = [];
  for (const given of job.events) {
    const event = given.type === "usage" ? { ...given, calls: given.calls.filter(fresh) } : given;
    const result = step(state, event, settings);
    state = result.state;
    spend = addUp(spend, result.spend);
    events.push({ state, beat: result.beat });
    gatherUse(event, result, gathered);
    effects.push(...result.effects);
  }
  const replayed = job.replayUntil !== undefined || job.events.some(isReplayed);
  const worthTelling = replayed ? dropSettledNotices(effects) : effects;
  for (const effect of worthTelling) gather(effect, state, gathered, forgotten ? null : notices);
  if (job.forgetAt !== undefined) state = closeIncidents(state, job.forgetAt, gathered, notices);
  const write: AgentWrite = {
    name: job.name,
    state,
    deadline: forgotten ? null : deadlineOf(state, settings, job.replayUntil),
    // A deadline that a person's settings or a spool move has to be stored as it is, too.
    moveDeadline: given.moveDeadlines || job.change !== undefined || job.replayUntil !== undefined || forgotten,
    ...(overrides === known ? {} : { overrides }),
    ...(job.forgetAt !== undefined ? { forgottenAt: job.forgetAt } : revived ? { forgottenAt: null } : {}),
    ...(job.evidence ? { evidence: job.evidence } : {}),
    ...gathered,
  };
  const { beats } = gathered;
  return { outcome: { name: job.name, before, state, settings, overrides, forgotten, events, beats, spend }, write };
}

/** Tells calls that are in neither the store nor this job. */
function freshCalls(agent: string, known: KnownCalls): (priced: PricedCall) => boolean {
  const here = new Set<string>();
  return ({ call: { key } }) => {
    if (here.has(key) || known.has(agent, key)) return false;
    here.add(key);
    return true;
  };
}

/** What an event told of usage, as it is kept. */
function gatherUse(event: AgentEvent, result: StepResult, into: Gathered): void {
  if (event.type === "usage") {
    for (const [index, priced] of event.calls.entries()) {
      into.calls.push({ ...priced, counted: result.counted[index] ?? false });
    }
  }
  if (event.type !== "beat" || !result.beat || result.beat.place === "duplicate") return;
  into.beats.push(beatRecord(event, result.beat));
  const counted = isCounted(result.beat);
  for (const [index, usage] of event.beat.usage.entries()) {
    into.usage.push({ at: event.at, usage, costUsdMicros: event.usageCosts?.[index] ?? null, counted });
  }
}

/** Null is never. */
function deadlineOf(state: AgentState, settings: AgentSettings, notBefore: Ms | undefined): Ms | null {
  const deadline = nextDeadline(state, settings);
  return deadline === null || notBefore === undefined ? deadline : Math.max(deadline, notBefore);
}

/** Nobody wants to hear of a forgotten agent, so nothing of it stays open, and whoever was told hears that it is over. */
function closeIncidents(state: AgentState, at: Ms, into: Gathered, notices: Notice[]): AgentState {
  for (const incident of state.incidents) {
    into.incidents.push({ do: "resolve", kind: incident.kind, incident, at, by: "person" });
    if (incident.severity === "info") continue;
    const title = `no longer watched: ${state.name} was forgotten`;
    const text = `“${incident.title}” was open. A new beat brings the agent back.`;
    const resolved = { at, by: "person" } as const;
    notices.push({ agent: state.name, what: "resolved", at, title, text, incident, resolved, by: null });
  }
  return { ...state, incidents: [] };
}

/** Delivered from a spool: it happened a while ago, and may be over. */
function isReplayed(event: AgentEvent): boolean {
  return event.type === "beat" && event.spooled;
}

interface Gathered {
  readonly history: HistoryEntry[];
  readonly incidents: IncidentWrite[];
  readonly beats: BeatRecord[];
  readonly calls: CallRecord[];
  readonly usage: UsageRecord[];
}

/** Turns one effect into what is written; `notices` is null for an agent nobody wants to hear of. */
function gather(effect: Effect, state: AgentState, into: Gathered, notices: Notice[] | null): void {
  switch (effect.do) {
    case "record":
      into.history.push(effect.entry);
      return;
    case "keep-minute":
      into.beats.push(minuteRecord(effect));
      return;
    case "open":
      into.incidents.push({ do: "open", incident: effect.incident });
      return;
    case "amend":
    case "raise":
      into.incidents.push({ do: "update", incident: effect.incident });
      return;
    case "resolve":
      into.incidents.push({
        do: "resolve",
        kind: effect.kind,
        incident: effect.incident,
        at: effect.at,
        by: effect.by,
      });
      return;
    case "acknowledge": {
      const incident = state.incidents.find((one) => one.kind === effect.kind);
      if (!incident) return;
      into.incidents.push({ do: "update", incident });
      // Nobody is woken by it, but whoever would be told next must not be.
      notices?.push(acknowledgement(effect, state, incident));
      return;
    }
    case "notify": {
      const notice = noticeOf(effect, state, into.incidents);
      if (notice) notices?.push(notice);
      return;
    }
    case "start":
    case "stop":
      // Only a watcher that keeps agents itself decides these; the server's settings say that it does not.
      return;
  }
}

function acknowledgement(
  { at, by }: Extract<Effect, { do: "acknowledge" }>,
  state: AgentState,
  incident: Incident,
): Notice {
  const { title, text } = incident;
  return { agent: state.name, what: "acknowledged", at, title, text, incident, resolved: null, by };
}

function noticeOf(
  effect: Extract<Effect, { do: "notify" }>,
  state: AgentState,
  written: readonly IncidentWrite[],
): Notice | null {
  const last = written.findLast((write) => write.incident.kind === effect.kind);
  const incident = last?.incident ?? state.incidents.find((one) => one.kind === effect.kind);
  if (!incident) return null;
  const { what, at, title, text } = effect;
  const resolved = last?.do === "resolve" ? { at: last.at, by: last.by } : null;
  return { agent: state.name, what, at, title, text, incident, resolved, by: null };
}
