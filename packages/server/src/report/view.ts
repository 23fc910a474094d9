import type { AgentReport, FleetReport, ModelUse, OpenIncident, Pattern, UsageSum } from "@midwatch/core";
import type {
  AgentReportView,
  FleetReportView,
  ModelUseView,
  OpenIncidentView,
  PatternView,
  ReportDayView,
  ReportView,
  UsageView,
} from "@midwatch/protocol";
import { iso, isoOrNull, seconds, usd } from "../views/time.ts";
import type { MadeReport } from "./index.ts";

/** Agents in one message; the API has them all. */
const maxAgentsInMessage = 100;
const maxSpenders = 20;

/** The report as the API answers it: times in UTC, durations in seconds, money in dollars. Text, HTML and mail are made from this. */
export function reportView({ report, agent, sent, revised }: MadeReport): ReportView {
  return {
    period: report.period,
    date: report.date,
    last_date: report.days.at(-1)?.date ?? report.date,
    agent,
    time_zone: report.zone,
    from: iso(report.from),
    to: iso(report.to),
    until: iso(report.until),
    made_at: iso(report.madeAt),
    quiet: report.quiet,
    sent: sent && { at: iso(sent.at), text: sent.text },
    revised,
    fleet: { ...fleetView(report.fleet), spenders: spendersIn(report.agents) },
    before_days: report.beforeDays,
    agents: report.agents.map(agentView),
    quiet_agents: report.agents.filter(({ quiet }) => quiet).map(({ name }) => name),
  };
}

/** The same for a message: agents with something to tell, most urgent first, at most 100, without their single days. */
export function messageView(view: ReportView): ReportView {
  const telling = byUrgency(view.agents).slice(0, maxAgentsInMessage);
  const agents = telling.map((agent) => ({ ...agent, days: [] }));
  return { ...view, agents, agents_left_out: view.agents.length - agents.length };
}

/** Those with something to tell; what needs a human comes first. */
export function byUrgency(agents: readonly AgentReportView[]): readonly AgentReportView[] {
  return agents.filter(({ quiet }) => !quiet).toSorted((a, b) => urgencyOf(a) - urgencyOf(b));
}

function urgencyOf({ open, alive }: AgentReportView): number {
  if (open.some(({ needs_human: needsHuman }) => needsHuman)) return 0;
  return alive.verdict === "no" ? 1 : 2;
}

function fleetView(fleet: FleetReport): Omit<FleetReportView, "spenders"> {
  return {
    agents: fleet.agents,
    alive: { ...fleet.verdicts },
    availability: fleet.availability,
    outages: fleet.outages,
    restarts: fleet.restarts,
    failed_restarts: fleet.failedRestarts,
    usage: usageView(fleet),
    left_baseline: [...fleet.leftBaseline],
    events: fleet.events,
    recovered: fleet.recovered,
    alerts: [...fleet.alerts],
    patterns: fleet.patterns.map(({ agent, pattern }) => ({ agent, ...patternView(pattern) })),
    days: fleet.days.map(dayView),
    models: fleet.models.map(modelView),
    trend: fleet.trend.map(({ date, usage }) => ({ date, usage: usageView(usage) })),
    needs_human: fleet.needsHuman.map(({ agent, incident }) => ({ agent, ...openView(incident) })),
  };
}

function spendersIn(agents: readonly AgentReport[]): FleetReportView["spenders"] {
  return agents
    .filter(({ cost }) => cost.tokens > 0)
    .toSorted((a, b) => (b.cost.costUsdMicros ?? 0) - (a.cost.costUsdMicros ?? 0) || b.cost.tokens - a.cost.tokens)
    .slice(0, maxSpenders)
    .map(({ name, cost }) => ({ agent: name, usage: usageView(cost) }));
}

function agentView(agent: AgentReport): AgentReportView {
  return {
    name: agent.name,
    liveness: agent.liveness,
    quiet: agent.quiet,
    alive: aliveView(agent),
    restarts: agent.restarts.map(({ at, ...restart }) => ({ at: iso(at), ...restart })),
    cost: costView(agent),
    events: agent.events.map(({ at, kind, text, endedAt }) => ({
      at: iso(at),
      kind,
      text,
      ended_at: isoOrNull(endedAt),
    })),
    recovered: agent.recovered.map(({ kind, title, since, resolvedAt, by }) => {
      return { kind, title, since: iso(since), resolved_at: iso(resolvedAt), by };
    }),
    open: agent.open.map(openView),
    patterns: agent.patterns.map(patternView),
    days: agent.days.map(dayView),
    models: agent.models.map(modelView),
  };
}

function patternView({ kind, title, evidence, next, unit, series }: Pattern): PatternView {
  const points = series.map(({ at, value }) => ({ at: iso(at), value }));
  return { kind, title, evidence: [...evidence], next, unit, series: points };
}

function dayView({ date, up, down, restarts, usage }: AgentReport["days"][number]): ReportDayView {
  return { date, up_s: seconds(up), down_s: seconds(down), restarts, usage: usageView(usage) };
}

function modelView({ provider, model, calls, tokens, costUsdMicros, unpricedTokens }: ModelUse): ModelUseView {
  return { provider, model, calls, tokens, cost_usd: usdOrNull(costUsdMicros), unpriced_tokens: unpricedTokens };
}

function aliveView({ alive }: AgentReport): AgentReportView["alive"] {
  return {
    verdict: alive.verdict,
    availability: alive.availability,
    time_s: Object.fromEntries(Object.entries(alive.time).map(([is, ms]) => [is, seconds(ms)])),
    due_s: seconds(alive.dueMs),
    observed_s: seconds(alive.observedMs),
    outages: alive.outages.map(({ from, to, ms, unseenMs, cause, kinds }) => ({
      from: iso(from),
      to: isoOrNull(to),
      duration_s: seconds(ms),
      unseen_s: seconds(unseenMs),
      cause,
      kinds: [...kinds],
    })),
    unseen: alive.unseen.map(({ from, to }) => ({ from: iso(from), to: iso(to) })),
  };
}

function costView({ cost }: AgentReport): AgentReportView["cost"] {
  const { before } = cost;
  return {
    ...usageView(cost),
    left: cost.left,
    tokens_per_cycle: cost.tokensPerCycle,
    cost_usd_per_cycle: usdOrNull(cost.costUsdMicrosPerCycle),
    baseline_tokens: cost.baseline,
    times_baseline: cost.timesBaseline,
    before: before && {
      days: before.days,
      tokens_per_day: before.tokensPerDay,
      tokens_per_cycle: before.tokensPerCycle,
      cost_usd_per_day: usdOrNull(before.costUsdMicrosPerDay),
      cost_usd_per_cycle: usdOrNull(before.costUsdMicrosPerCycle),
    },
    times_before: cost.timesBefore,
    cost_times_before: cost.costTimesBefore,
  };
}

function usageView({ tokens, cycles, maxCycleTokens, costUsdMicros, unpricedBeats }: UsageSum): UsageView {
  return {
    tokens,
    cycles,
    max_cycle_tokens: maxCycleTokens,
    cost_usd: usdOrNull(costUsdMicros),
    unpriced_beats: unpricedBeats,
  };
}

function openView({
  id,
  kind,
  severity,
  title,
  text,
  since,
  acknowledged,
  needsHuman,
}: OpenIncident): OpenIncidentView {
  return { id, kind, severity, title, text, since: iso(since), acknowledged, needs_human: needsHuman };
}

function usdOrNull(micros: number | null): number | null {
  return micros === null ? null : usd(micros);
}
