// Turns what was spent into warnings, pauses and their ends. A hold that a budget made is taken back by the same budget, and
// by nothing else that happens by itself; one that a person or the loop detector made is left alone.

import {
  addSpend,
  endOfHold,
  nothingSpent,
  rollOver,
  spellAmount,
  spellLimit,
  standingsOf,
  type LimitStanding,
  type Spend,
} from "./budget.ts";
import { findIncident, openIncident, resolveIncident } from "./incidents.ts";
import { changeState, resumeWatching } from "./liveness.ts";
import { isRunning, startKept, stopProcess } from "./restart-policy.ts";
import { spellDuration } from "./spell.ts";
import type { AgentState } from "./state.ts";
import type { Ms } from "./time.ts";
import type { Turn } from "./turn.ts";

/** The agent's own budget, among those that may hold it. */
export const ownBudget = "own";

/** Counts what was spent at `at`, and draws the consequences. */
export function spendBudget(turn: Turn, spend: Spend, at: Ms): void {
  const { state, settings } = turn;
  if (spend.tokens === 0 && spend.costUsdMicros === 0) return;
  state.budget = addSpend(rollOver(state.budget, turn), spend, { at, calendar: settings.calendar });
  reviewBudget(turn);
}

/** The cycle is over. What held the agent because of it stays until a person has looked. */
export function endBudgetCycle(turn: Turn): void {
  const { state, settings } = turn;
  if (state.budget.cycle === nothingSpent) return;
  if (standingsOf(state.budget, settings.budget).some(isSpentCycle)) return;
  state.budget = { ...state.budget, cycle: nothingSpent };
  reviewBudget(turn);
}

/** A person has looked: the cycle that was too dear is forgotten. */
export function forgiveCycle(turn: Turn): void {
  turn.state.budget = { ...turn.state.budget, cycle: nothingSpent };
}

/** Holds, warns and lets go by what the limits say now: after spending, at the end of a period, when a limit has changed. */
export function reviewBudget(turn: Turn, by: "itself" | "person" = "itself"): void {
  const { state, settings } = turn;
  if (Object.keys(settings.budget).length === 0 && state.budgetReviewAt === null) return;
  state.budget = rollOver(state.budget, turn);
  const standings = standingsOf(state.budget, settings.budget);
  const exceeded = standings.filter(({ level }) => level === "exceeded");
  const near = standings.filter(({ level }) => level === "near");
  state.budgetReviewAt = earliestEnd([...exceeded, ...near]);
  if (exceeded.length > 0) stopSpending(turn, exceeded);
  else allowSpending(turn, by);
  if (exceeded.length === 0 && near.length > 0) warn(turn, near);
  else endWarning(turn, exceeded.length > 0);
}

function stopSpending(turn: Turn, exceeded: readonly LimitStanding[]): void {
  const [worst] = exceeded;
  if (!worst) return;
  const until = endOfHold(exceeded);
  const title = `its budget of ${spellLimit(worst)} is spent: ${spellAmount(worst.unit, worst.spent)}`;
  openIncident(turn, {
    kind: "budget-exceeded",
    since: turn.at,
    title,
    text: `It is paused: it is told so in the answer to its next beat, its supervisor stops it, and the metering proxy refuses its calls. ${whatEnds(until, turn.at)}${blindSpot(worst)}`,
    numbers: numbersOf(worst),
  });
  holdForBudget(turn, { budget: ownBudget, why: title, until });
}

function allowSpending(turn: Turn, by: "itself" | "person"): void {
  const wasHeld = turn.state.hold?.by === "budget" && turn.state.hold.budget === ownBudget;
  resolveIncident(turn, "budget-exceeded", {
    by,
    title: "its budget allows spending again",
    text: wasHeld ? "The pause is over." : "",
  });
  releaseForBudget(turn, ownBudget);
}

function warn(turn: Turn, near: readonly LimitStanding[]): void {
  const [first] = near;
  if (!first) return;
  const part = Math.floor((100 * first.spent) / first.limit);
  openIncident(turn, {
    kind: "budget-warning",
    since: turn.at,
    title: `${part} % of its budget of ${spellLimit(first)} is spent: ${spellAmount(first.unit, first.spent)}`,
    text: `At 100 % it is paused.${first.until === null ? "" : ` The ${first.period} ends in ${spellDuration(first.until - turn.at)}.`}${blindSpot(first)}`,
    numbers: numbersOf(first),
  });
}

function endWarning(turn: Turn, isSpent: boolean): void {
  if (!findIncident(turn.state, "budget-warning")) return;
  resolveIncident(turn, "budget-warning", {
    by: isSpent ? "superseded" : "itself",
    title: isSpent ? "its budget is spent" : "it is well within its budget again",
    text: "",
  });
}

/** A budget, the agent's own or a shared one, is spent: it is held until then. `why` is a clause. */
export function holdForBudget(
  turn: Turn,
  { budget, why, until }: { readonly budget: string; readonly why: string; readonly until: Ms | null },
): void {
  const { state, settings, at } = turn;
  const before = state.hold;
  if (before && (before.by !== "budget" || before.budget !== budget)) return;
  if (before?.until === until) return;
  const reason = `paused: ${why}`;
  state.hold = { by: "budget", directive: "pause", who: "budget", at: before?.at ?? at, reason, budget, until };
  if (before) return;
  state.nextMissAt = null;
  state.drainBy = null;
  if (state.state !== "stopped") changeState(turn, "paused", why);
  if (settings.keeps && isRunning(state.recovery)) stopProcess(turn, { why: "budget", then: "stay", reason });
}

/** It allows spending again. */
export function releaseForBudget(turn: Turn, budget: string): void {
  const { state } = turn;
  if (state.hold?.by !== "budget" || state.hold.budget !== budget) return;
  state.hold = null;
  if (turn.settings.keeps) startKept(turn, "its budget");
  else resumeWatching(turn, "its budget allows spending again");
}

function isSpentCycle({ period, level }: LimitStanding): boolean {
  return period === "cycle" && level === "exceeded";
}

function earliestEnd(standings: readonly LimitStanding[]): AgentState["budgetReviewAt"] {
  let earliest: Ms | null = null;
  for (const { until } of standings) if (until !== null) earliest = Math.min(until, earliest ?? until);
  return earliest;
}

function whatEnds(until: Ms | null, at: Ms): string {
  return until === null
    ? "A cycle this dear has to be looked at: the pause ends when a person resumes it or raises the cap."
    : `The pause ends by itself in ${spellDuration(until - at)}, or when the cap is raised.`;
}

/** A budget in dollars that cannot see all of the spending must not look as if it did. */
function blindSpot({ unit, unpricedTokens }: LimitStanding): string {
  return unit === "usd" && unpricedTokens > 0
    ? " Some of what it used has no known price and is not in this sum: a budget in tokens would see it."
    : "";
}

function numbersOf({ unit, period, limit, spent, unpricedTokens }: LimitStanding) {
  const scale = unit === "usd" ? 1e6 : 1;
  return {
    unit,
    period,
    limit: limit / scale,
    spent: spent / scale,
    unpriced_tokens: unpricedTokens,
  };
}
