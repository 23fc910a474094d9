// The period day by day and model by model: what charts and bills are made of.

import { sumHours } from "./cost.ts";
import type { AgentFacts, DaySpan, HourFacts, ModelFacts, ReportFacts } from "./facts.ts";
import type { AgentDay, AgentReport, Alive, FleetReport, ModelUse } from "./report.ts";
import type { Restart } from "./restarts.ts";

export function agentDays(
  { hours }: Pick<AgentFacts, "hours">,
  given: { readonly days: readonly DaySpan[]; readonly alive: Alive; readonly restarts: readonly Restart[] },
): readonly AgentDay[] {
  const { days, alive, restarts } = given;
  return days.map(({ date, from, to }, index) => ({
    date,
    up: alive.byDay[index]?.up ?? 0,
    down: alive.byDay[index]?.down ?? 0,
    restarts: restarts.filter(({ at }) => at >= from && at < to).length,
    usage: sumHours(hoursIn({ from, to }, hours)),
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
  const hours = known.flatMap((agent) => agent.hours);
  const slowHours = known.flatMap(({ slow }) => slow.hours);
  return {
    days: byDay(days, hours).map(({ date, usage }, index) => {
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
    trend: byDay(slowDays, slowHours),
  };
}

/** The hours of many agents: sorted into their days in one pass. */
function byDay(days: readonly DaySpan[], hours: readonly HourFacts[]): FleetReport["trend"] {
  const sorted = hours.toSorted((a, b) => a.hour - b.hour);
  let next = 0;
  return days.map(({ date, from, to }) => {
    while (next < sorted.length && (sorted[next]?.hour ?? 0) < from) next += 1;
    const start = next;
    while (next < sorted.length && (sorted[next]?.hour ?? 0) < to) next += 1;
    return { date, usage: sumHours(sorted.slice(start, next)) };
  });
}

function hoursIn({ from, to }: Pick<DaySpan, "from" | "to">, hours: readonly HourFacts[]): readonly HourFacts[] {
  return hours.filter(({ hour }) => hour >= from && hour < to);
}
