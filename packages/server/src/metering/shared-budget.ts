// One budget that several agents share: what it allows, what was spent of it, and what people were told of it. Pure; who keeps
// and acts is `shared-budgets.ts`.

import {
  addSpend,
  emptyBudgetState,
  endOfHold,
  nothingSpent,
  rollOver,
  spellAmount,
  spellDuration,
  spellLimit,
  standingsOf,
  type BudgetLimits,
  type BudgetState,
  type Calendar,
  type LimitStanding,
  type Ms,
  type Spend,
} from "@midwatch/core";
import type { Announcement } from "../ledger/announce.ts";

type Level = LimitStanding["level"];

/** What is stored of it. */
export interface SharedSpent {
  readonly spent: BudgetState;
  /** What people were last told. */
  readonly told: Level;
  /** When they were first told of what is not over yet; null where they were not, or know that it is over. */
  readonly toldAt: Ms | null;
  /** Limits that an operator has set; they win over those of the file, one by one. */
  readonly set: BudgetLimits;
}

export const nothingSpentYet: SharedSpent = { spent: emptyBudgetState, told: "within", toldAt: null, set: {} };

export interface SharedBudget {
  /** `install`, or `tag:research`. */
  readonly name: string;
  readonly limits: BudgetLimits;
  readonly state: SharedSpent;
}

const ranks: Readonly<Record<Level, number>> = { within: 0, near: 1, exceeded: 2 };

/** The worst of its limits. */
function levelOf({ state, limits }: SharedBudget): Level {
  let worst: Level = "within";
  for (const { level } of standingsOf(state.spent, limits)) if (ranks[level] > ranks[worst]) worst = level;
  return worst;
}

/** The budget after something was spent, or only after time has passed. */
export function withSpend(
  budget: SharedBudget,
  spend: Spend,
  when: { readonly at: Ms; readonly calendar: Calendar },
): SharedBudget {
  const rolled = rollOver(budget.state.spent, when);
  // A shared budget knows no cycles.
  const spent = spend === nothingSpent ? rolled : { ...addSpend(rolled, spend, when), cycle: nothingSpent };
  return spent === budget.state.spent ? budget : { ...budget, state: { ...budget.state, spent } };
}

/**
 * What people have to hear now, and the budget that remembers it; null when there is nothing new. From the warning over the
 * limit to the end it is one thread, so that each message continues the one before and the end ends them all.
 */
export function toTell(
  budget: SharedBudget,
  at: Ms,
): { readonly budget: SharedBudget; readonly announcement: Announcement } | null {
  const level = levelOf(budget);
  const { told, toldAt } = budget.state;
  if (level === told) return null;
  const worse = ranks[level] > ranks[told];
  const after: SharedBudget = {
    ...budget,
    state: { ...budget.state, told: level, toldAt: worse ? (toldAt ?? at) : null },
  };
  const what = !worse ? "resolved" : toldAt === null ? "opened" : "raised";
  return { budget: after, announcement: announce(budget, { level, told, at, what, thread: toldAt ?? at }) };
}

/** Why an agent is paused by it, and until when; null while it allows spending. */
export function holdOf(budget: SharedBudget): { readonly why: string; readonly until: Ms | null } | null {
  const exceeded = standingsOf(budget.state.spent, budget.limits).filter(({ level }) => level === "exceeded");
  const [worst] = exceeded;
  if (!worst) return null;
  return { why: spentTitle(budget, worst), until: endOfHold(exceeded) };
}

function announce(
  budget: SharedBudget,
  given: {
    readonly level: Level;
    readonly told: Level;
    readonly at: Ms;
    readonly what: Announcement["what"];
    /** When the thread began. */
    readonly thread: Ms;
  },
): Announcement {
  const { level, told, at, what } = given;
  const [worst] = standingsOf(budget.state.spent, budget.limits);
  const same = { thread: `budget_${budget.name}_${given.thread}`, budget: budget.name, what, at } as const;
  const whose = whoseOf(budget.name);
  if (what === "resolved" || !worst) {
    const kind = told === "exceeded" ? "budget-exceeded" : "budget-warning";
    const title = `the budget ${whose} allows spending again`;
    const text = told === "exceeded" ? "Agents that it held go on." : "";
    return { ...same, kind, severity: told === "exceeded" ? "page" : "warn", title, text };
  }
  const ends = worst.until === null ? "" : `The ${worst.period} ends in ${spellDuration(worst.until - at)}`;
  if (level === "exceeded") {
    const text = `Every agent that it covers is paused: their beats say so, their supervisors stop them, and the metering proxy refuses their calls. ${ends}; then they go on by themselves, or when the cap is raised.`;
    return { ...same, kind: "budget-exceeded", severity: "page", title: spentTitle(budget, worst), text };
  }
  const part = Math.floor((100 * worst.spent) / worst.limit);
  const title = `${part} % of the budget of ${spellLimit(worst)} ${whose} is spent: ${spellAmount(worst.unit, worst.spent)}`;
  const text = `At 100 % every agent that it covers is paused. ${ends}.`;
  return { ...same, kind: "budget-warning", severity: "warn", title, text };
}

function spentTitle({ name }: SharedBudget, worst: LimitStanding): string {
  return `the budget of ${spellLimit(worst)} ${whoseOf(name)} is spent: ${spellAmount(worst.unit, worst.spent)}`;
}

function whoseOf(name: string): string {
  return name === "install" ? "for all agents" : `for agents tagged ${name.slice("tag:".length)}`;
}
