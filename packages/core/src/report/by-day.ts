// The period day by day and model by model: what charts and bills are made of.

import { sumHours } from "./cost.ts";
import type { AgentFacts, DaySpan, ModelFacts, ReportFacts } from "./facts.ts";
import type { AgentDay, AgentReport, Alive, FleetReport, ModelUse } from "./report.ts";
import type { Restart } from "./restarts.ts";
import { splitByDay } from "./split-by-day.ts";

export function agentDays(
  { hours }: Pick<AgentFacts, "hours">,
  given: { readonly days: readonly DaySpan[]; readonly alive: Alive; readonly restarts: readonly Restart[] },
): readonly AgentDay[] {
  const { days, alive, restarts } = given;
  const byDay = splitByDay(days, hours);
  return days.map(({ date, from, to }, index) => ({
    date,
    up: alive.byDay[index]?.up ?? 0,
    down: alive.byDay[index]?.down ?? 0,
    restarts: restarts.filter(({ at }) => at >= from && at < to).length,
    usage: sumHours(byDay[index] ?? []),
  }));
}

/** What the models were used for, most expensive first; among those without a price, most tokens first. */
export function modelUse(models: readonly ModelFacts[]): readonly ModelUse[] {
  const groups = Map.groupBy(models, ({ provider, model }) => JSON.stringify([provider, model]));
  return [...groups.values()]
    .map((group): ModelUse => {
      const [first] = group;
      const sum = (amount: (one: ModelFacts) => number): number => group.reduce((total, one) => total + amount(one), 0);
      const cost = sum(({ costUsdMicros }) => costUsdMicros);
      const unpricedTokens = sum((one) => one.unpricedTokens);
      return {
        provider: first?.provider ?? null,
        model: first?.model ?? null,
        calls: sum(({ calls }) => calls),
        tokens: sum(({ tokens }) => tokens),
        costUsdMicros: cost === 0 && unpricedTokens > 0 ? null : cost,
        unpricedTokens,
      };
    })
    .toSorted((a, b) => (b.costUsdMicros ?? 0) - (a.costUsdMicros ?? 0) || b.tokens - a.tokens);
}

export function fleetUse(
  known: readonly AgentFacts[],
  agents: readonly AgentReport[],
  { days, slowDays }: Pick<ReportFacts, "days" | "slowDays">,
): Pick<FleetReport, "days" | "models" | "trend"> {
  return {
    days: usageByDay(
      days,
      known.map(({ hours }) => hours),
    ).map(({ date, usage }, index) => {
      const sum = (amount: (day: AgentDay) => number): number =>
        agents.reduce((total, agent) => total + (agent.days[index] ? amount(agent.days[index]) : 0), 0);
      return {
        date,
        up: sum(({ up }) => up),
        down: sum(({ down }) => down),
        restarts: sum((day) => day.restarts),
        usage,
      };
    }),
    models: modelUse(known.flatMap(({ models }) => models)),
    trend: usageByDay(
      slowDays,
      known.map(({ slow }) => slow.hours),
    ),
  };
}

function usageByDay(days: readonly DaySpan[], ofAgents: readonly AgentFacts["hours"][]): FleetReport["trend"] {
  const split = ofAgents.map((hours) => splitByDay(days, hours));
  return days.map(({ date }, index) => ({ date, usage: sumHours(split.flatMap((byDay) => byDay[index] ?? [])) }));
}
