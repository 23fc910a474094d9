// Raising a cap from a message: what is spent, or nearly, gets half as much again, from the limit or from what was spent already,
// whichever is more. It stays so until somebody changes it, as with every limit that an operator sets.

import {
  rollOver,
  spellAmount,
  spellLimit,
  standingsOf,
  type BudgetLimits,
  type BudgetState,
  type LimitStanding,
} from "@midwatch/core";
import { limitsToWire } from "@midwatch/protocol";
import type { AgentRow } from "@midwatch/store";
import { ApiError } from "../errors.ts";
import type { ApiContext } from "../http/api-context.ts";
import { changeAgent } from "./agent-settings.ts";
import type { LinkedThing } from "./linked-thing.ts";

const by = 1.5;

/** An agent's own cap. */
export function raiseOwnCap(context: ApiContext, row: AgentRow): Pick<LinkedThing, "will" | "carryOut"> {
  const { clock, settingsOf } = context;
  const { name, state, overrides } = row;
  const raised = raisedOf(rollOver(state.budget, { at: clock.now() }), settingsOf(overrides).budget);
  return {
    will: `The cap of ${name} goes up: ${wordsOf(raised)}. ${stays(name)}`,
    carryOut: async (who) => {
      const text = `${who}: raised the cap, ${wordsOf(raised)}`;
      const entry = { at: clock.now(), kind: "commanded", text, data: { command: "raise-cap", by: who } } as const;
      await changeAgent(context, name, { budget: limitsToWire(limitsOf(raised)) }, [entry]);
      return `${name}: the cap was raised, ${wordsOf(raised)}. ${stays(name)}`;
    },
  };
}

/** A cap over several agents. */
export function sharedCap({ shared }: ApiContext, name: string): LinkedThing {
  const budget = shared.list().find((one) => one.name === name);
  if (budget === undefined) throw new ApiError(404, "unknown_budget", "This budget is not known here any more.");
  const raised = raisedOf(budget.state.spent, budget.limits);
  const of = name === "install" ? "all agents" : `agents tagged ${name.slice("tag:".length)}`;
  const where = name === "install" ? "--install" : `--${name.replace(":", " ")}`;
  return {
    subject: of,
    title: `the budget for ${of}`,
    standing: raised.map(({ unit, spent }) => `${spellAmount(unit, spent)} is spent`).join(", "),
    will: `The cap for ${of} goes up: ${wordsOf(raised)}. ${stays(where)}`,
    carryOut: async () => {
      await shared.set(name, limitsOf(raised));
      return `The cap for ${of} was raised, ${wordsOf(raised)}. ${stays(where)}`;
    },
  };
}

type Raised = LimitStanding & { readonly to: number };

/** Those that are spent; where none is, those that nearly are. Throws 409 when there is nothing to raise. */
function raisedOf(spent: BudgetState, limits: BudgetLimits): readonly Raised[] {
  const standings = standingsOf(spent, limits);
  const exceeded = standings.filter(({ level }) => level === "exceeded");
  const some = exceeded.length > 0 ? exceeded : standings.filter(({ level }) => level === "near");
  if (some.length > 0) return some.map((one) => ({ ...one, to: roundUp(by * Math.max(one.limit, one.spent)) }));
  throw new ApiError(409, "within_budget", "It is well within its cap again, so there is nothing to raise.");
}

/** Two digits that say something: 10.7 → 11, 213,000 → 220,000. */
function roundUp(amount: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(amount)) - 1);
  return Math.ceil(amount / unit) * unit;
}

function limitsOf(raised: readonly Raised[]): BudgetLimits {
  return Object.fromEntries(raised.map(({ unit, period, to }) => [`${unit}_per_${period}`, to]));
}

function wordsOf(raised: readonly Raised[]): string {
  return raised.map((one) => `from ${spellLimit(one)} to ${spellLimit({ ...one, limit: one.to })}`).join(", ");
}

function stays(whose: string): string {
  return `It stays there until somebody changes it (\`midwatch budget ${whose}\`).`;
}
