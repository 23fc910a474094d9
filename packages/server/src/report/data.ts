import type { AgentReport, Report, FleetReport, OpenIncident } from "@midwatch/core";
import type {
  AgentReportView,
  ReportView,
  FleetReportView,
  OpenIncidentView,
  UsageView,
} from "@midwatch/protocol";
import { iso, isoOrNull, seconds, usd } from "../views/time.ts";
import type { MadeReport } from "./index.ts";

type Used = Pick<FleetReport, "tokens" | "cycles" | "maxCycleTokens" | "costUsdMicros" | "unpricedBeats">;

/** Agents in one message; the API has them all. */
const maxAgentsInMessage = 200;

/** The report as the API answers it: times in UTC, durations in seconds, money in dollars. */
export function reportData({ report, sent, revised }: MadeReport): ReportView {
  return {
    date: report.date,
    time_zone: report.zone,
    from: iso(report.from),
    to: iso(report.to),
    until: iso(report.until),
    made_at: iso(report.madeAt),
    quiet: report.quiet,
    sent: sent && { at: iso(sent.at), text: sent.text },
    revised,
    fleet: fleetView(report.fleet),
    agents: report.agents.map(agentView),
  };
}

/** The same for a webhook: agents with something to tell, at most 200, and how many were left out. */
export function messageData(report: Report): ReportView {
  const telling = report.agents.filter(({ quiet }) => !quiet).slice(0, maxAgentsInMessage);
  const data = reportData({ report: { ...report, agents: telling }, sent: null, revised: false });
  return { ...data, agents_left_out: report.agents.length - telling.length };
}

function fleetView(fleet: FleetReport): FleetReportView {
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
    needs_human: fleet.needsHuman.map(({ agent, incident }) => ({ agent, ...openView(incident) })),
  };
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
  };
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

function usageView({ tokens, cycles, maxCycleTokens, costUsdMicros, unpricedBeats }: Used): UsageView {
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
