import type { IncidentKind } from "../incident.ts";
import { outageKinds } from "../incidents.ts";
import type { Ms } from "../time.ts";
import { dayCost, sumHours } from "./day-cost.ts";
import type { AgentDayFacts, DayFacts, IncidentFact, Span } from "./facts.ts";
import { outagesOf } from "./outages.ts";
import type { AgentReport, Alive, DailyReport, FleetReport, OpenIncident, Recovered, ReportEvent } from "./report.ts";
import { restartsOf } from "./restarts.ts";
import { momentsOf, stateSegments, subtract, type Moment } from "./timeline.ts";

/** The daily report, from a day of facts. Pure: the same facts give the same report, so a report can be made again at any time. */
export function dailyReport(facts: DayFacts): DailyReport {
  const { date, zone, from, to, madeAt } = facts;
  const until = Math.max(from, Math.min(to, madeAt));
  const known = facts.agents.filter(({ firstSeenAt }) => firstSeenAt < until);
  const agents = known
    .map((agent) => agentReport(agent, { from, to }, until))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const usage = sumHours(known.flatMap(({ hours }) => hours));
  const quiet = agents.every((agent) => agent.quiet);
  return { date, zone, from, to, until, madeAt, quiet, fleet: { ...fleetReport(agents), ...usage }, agents };
}

function agentReport(agent: AgentDayFacts, day: Span, until: Ms): AgentReport {
  const report = {
    name: agent.name,
    liveness: agent.liveness,
    alive: aliveness(agent, day, until),
    restarts: restartsOf(agent.history),
    cost: dayCost(agent, day.from),
    events: eventsOf(agent, { from: day.from, to: until }),
    recovered: recoveredOf(agent, { from: day.from, to: until }),
    open: openOf(agent),
  };
  const { verdict } = report.alive;
  const fine = verdict === "yes" || verdict === "not-running";
  const usual = report.cost.left === "no" || report.cost.left === "unclear";
  const happened = [report.restarts, report.events, report.recovered, report.open].some((list) => list.length > 0);
  return { ...report, quiet: fine && usual && !happened };
}

function aliveness(agent: AgentDayFacts, day: Span, until: Ms): Alive {
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
  };
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

function eventsOf(agent: AgentDayFacts, day: Span): readonly ReportEvent[] {
  const events: ReportEvent[] = agent.incidents
    .filter((incident) => costKinds.includes(incident.kind) && overlaps(incident, day))
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

function recoveredOf(agent: AgentDayFacts, day: Span): readonly Recovered[] {
  return agent.incidents.flatMap(({ kind, severity, title, since, resolvedAt, resolvedBy }) => {
    const today = resolvedAt !== null && resolvedAt >= day.from && resolvedAt < day.to;
    if (!today || severity === "info" || (resolvedBy !== "itself" && resolvedBy !== "restart")) return [];
    return [{ kind, title, since, resolvedAt, by: resolvedBy }];
  });
}

/** What is open now, whichever day it began. `info` is never asked of anyone. */
function openOf(agent: AgentDayFacts): readonly OpenIncident[] {
  return agent.incidents
    .filter(({ resolvedAt, severity }) => resolvedAt === null && severity !== "info")
    .map(({ id, kind, severity, title, text, since, acknowledged }) => {
      const mended = agent.mending && severity === "warn" && outageKinds.includes(kind);
      return { id, kind, severity, title, text, since, acknowledged, needsHuman: !mended };
    });
}

function overlaps({ openedAt, resolvedAt }: IncidentFact, { from, to }: Span): boolean {
  return openedAt < to && (resolvedAt ?? Infinity) >= from;
}

function fleetReport(agents: readonly AgentReport[]): Omit<FleetReport, keyof ReturnType<typeof sumHours>> {
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
    needsHuman: agents.flatMap(({ name, open }) =>
      open.filter(({ needsHuman }) => needsHuman).map((incident) => ({ agent: name, incident })),
    ),
  };
}
