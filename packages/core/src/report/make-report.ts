import type { IncidentKind } from "../incident.ts";
import { outageKinds } from "../incidents.ts";
import type { Ms } from "../time.ts";
import { agentDays, fleetUse, modelUse } from "./by-day.ts";
import { periodCost, sumHours, type UsageSum } from "./cost.ts";
import type { AgentFacts, ReportFacts, IncidentFact, Span } from "./facts.ts";
import { outagesOf } from "./outages.ts";
import { findPatterns } from "./patterns/find-patterns.ts";
import type { AgentReport, Alive, Report, FleetReport, OpenIncident, Recovered, ReportEvent } from "./report.ts";
import { restartsOf } from "./restarts.ts";
import { momentsOf, overlap, stateSegments, subtract, type Moment, type Segment } from "./timeline.ts";

/** A report, from the facts of its period. Pure: the same facts give the same report, so a report can be made again at any time. */
export function makeReport(facts: ReportFacts): Report {
  const { period, date, zone, from, to, madeAt, days, beforeDays } = facts;
  const until = Math.max(from, Math.min(to, madeAt));
  const known = facts.agents.filter(({ firstSeenAt }) => firstSeenAt < until);
  const agents = known.map((agent) => agentReport(agent, facts, until)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const fleet: FleetReport = {
    ...sumHours(known.flatMap(({ hours }) => hours)),
    ...fleetAnswers(agents),
    alerts: alertCounts(known, { from, to: until }),
    ...fleetUse(known, agents, facts),
  };
  const quiet = agents.every((agent) => agent.quiet);
  return { period, date, zone, from, to, until, madeAt, quiet, days, beforeDays, fleet, agents };
}

function agentReport(agent: AgentFacts, facts: ReportFacts, until: Ms): AgentReport {
  const { from, to, days, slowDays } = facts;
  const alive = aliveness(agent, { span: { from, to }, days }, until);
  const restarts = restartsOf(agent.history);
  const report = {
    name: agent.name,
    liveness: agent.liveness,
    alive,
    restarts,
    cost: periodCost(agent, facts),
    events: eventsOf(agent, { from, to: until }),
    recovered: recoveredOf(agent, { from, to: until }),
    open: openOf(agent),
    patterns: findPatterns(slowDays, agent.slow),
  };
  const { verdict } = alive;
  const fine = verdict === "yes" || verdict === "not-running";
  const usual = report.cost.left === "no" || report.cost.left === "unclear";
  const happened = [restarts, report.events, report.recovered, report.open, report.patterns].some(
    (list) => list.length > 0,
  );
  const byDay = agentDays(agent, { days, alive, restarts });
  return { ...report, days: byDay, models: modelUse(agent.models), quiet: fine && usual && !happened };
}

function aliveness(
  agent: AgentFacts,
  { span: day, days }: { readonly span: Span; readonly days: readonly Span[] },
  until: Ms,
): Alive {
  const seen: Span = { from: day.from, to: until };
  const states = stateSegments(agent, day);
  const unseen = subtract(seen, agent.blind, agent.covered);
  const outages = outagesOf(agent, { day: seen, states: stateSegments(agent, seen), unseen });
  const { firstSeenAt } = agent;
  const spans = outages.map((outage) => ({ from: outage.from, to: outage.to ?? until }));
  const time: Record<Moment, number> = {
    up: 0,
    down: 0,
    unknown: 0,
    paused: 0,
    stopped: 0,
    waiting: 0,
    before: 0,
    ahead: 0,
  };
  const moments = momentsOf(day, { states, outages: spans, unseen, firstSeenAt, until });
  for (const moment of moments) time[moment.is] += moment.to - moment.from;
  const counted = time.up + time.down;
  const dueMs = day.to - day.from - time.before - time.ahead;
  return {
    verdict: verdictOf(time),
    availability: counted === 0 ? null : time.up / counted,
    time,
    dueMs,
    observedMs: dueMs - time.unknown,
    outages,
    unseen,
    byDay: days.map((one) => ({ up: timeIn(one, "up", moments), down: timeIn(one, "down", moments) })),
  };
}

function timeIn(day: Span, is: Moment, moments: readonly Segment<Moment>[]): number {
  return moments.reduce((sum, moment) => sum + (moment.is === is ? overlap(moment, day) : 0), 0);
}

function verdictOf(time: Readonly<Record<Moment, number>>): Alive["verdict"] {
  if (time.down > 0) return "no";
  if (time.up === 0) return "not-running";
  return time.unknown > 0 ? "while-observed" : "yes";
}

const costKinds: readonly IncidentKind[] = [
  "runaway",
  "drift",
  "spike",
  "repetition",
  "budget-warning",
  "budget-exceeded",
];

function eventsOf(agent: AgentFacts, day: Span): readonly ReportEvent[] {
  const events: ReportEvent[] = agent.incidents
    .filter((incident) => costKinds.includes(incident.kind) && isIn(incident, day))
    .map(({ kind, openedAt, title, resolvedAt }) => ({ at: openedAt, kind, text: title, endedAt: resolvedAt }));
  for (const { at, kind, data, text } of agent.history) {
    const phase = data["phase"];
    if (kind === "start-refused") events.push({ at, kind, text, endedAt: null });
    if (kind !== "recovery-changed" || (phase !== "cooldown" && phase !== "exhausted")) continue;
    const until = data["until"];
    const words =
      phase === "cooldown"
        ? `waiting before restart ${Number(data["attempt"]) + 1} of ${String(data["of"])}`
        : "no automatic restart is left";
    events.push({ at, kind: phase, text: words, endedAt: typeof until === "number" ? until : null });
  }
  return events.toSorted((a, b) => a.at - b.at);
}

function recoveredOf(agent: AgentFacts, day: Span): readonly Recovered[] {
  return agent.incidents.flatMap(({ kind, severity, title, since, resolvedAt, resolvedBy }) => {
    const today = resolvedAt !== null && resolvedAt >= day.from && resolvedAt < day.to;
    if (!today || severity === "info" || (resolvedBy !== "itself" && resolvedBy !== "restart")) return [];
    return [{ kind, title, since, resolvedAt, by: resolvedBy }];
  });
}

/** What is open now, whichever day it began. `info` is never asked of anyone. */
function openOf(agent: AgentFacts): readonly OpenIncident[] {
  return agent.incidents
    .filter(({ resolvedAt, severity }) => resolvedAt === null && severity !== "info")
    .map(({ id, kind, severity, title, text, since, acknowledged }) => {
      const mended = agent.mending && severity === "warn" && outageKinds.includes(kind);
      return { id, kind, severity, title, text, since, acknowledged, needsHuman: !mended };
    });
}

function isIn({ openedAt, resolvedAt }: IncidentFact, { from, to }: Span): boolean {
  return openedAt < to && (resolvedAt ?? Infinity) >= from;
}

function fleetAnswers(
  agents: readonly AgentReport[],
): Omit<FleetReport, keyof UsageSum | "alerts" | "days" | "models" | "trend"> {
  const sum = (count: (agent: AgentReport) => number): number =>
    agents.reduce((total, agent) => total + count(agent), 0);
  const verdicts = { yes: 0, no: 0, "while-observed": 0, "not-running": 0 };
  for (const { alive } of agents) verdicts[alive.verdict] += 1;
  const up = sum(({ alive }) => alive.time.up);
  const counted = up + sum(({ alive }) => alive.time.down);
  return {
    agents: agents.length,
    verdicts,
    availability: counted === 0 ? null : up / counted,
    restarts: sum(({ restarts }) => restarts.length),
    failedRestarts: sum(({ restarts }) => restarts.filter(({ outcome }) => outcome === "failed").length),
    outages: sum(({ alive }) => alive.outages.length),
    leftBaseline: agents.filter(({ cost }) => cost.left === "above" || cost.left === "below").map(({ name }) => name),
    events: sum(({ events }) => events.length),
    recovered: sum(({ recovered }) => recovered.length),
    patterns: agents.flatMap(({ name, patterns }) => patterns.map((pattern) => ({ agent: name, pattern }))),
    needsHuman: agents.flatMap(({ name, open }) =>
      open.filter(({ needsHuman }) => needsHuman).map((incident) => ({ agent: name, incident })),
    ),
  };
}

function alertCounts(agents: readonly AgentFacts[], { from, to }: Span): FleetReport["alerts"] {
  const counts = new Map<IncidentKind, number>();
  for (const { kind, severity, openedAt } of agents.flatMap(({ incidents }) => incidents)) {
    if (severity !== "info" && openedAt >= from && openedAt < to) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => ({ kind, count })).toSorted((a, b) => b.count - a.count);
}
