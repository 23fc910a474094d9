// Budgets over several agents. What each commit spends is added inside its transaction, so that a crash neither loses nor
// doubles it; the agents are held in commits that follow at once. Should the process die between the two, the next one sees
// a budget that is spent and agents that are not held, and holds them: what is to be done is always read off what is so.

import {
  invariant,
  nothingSpent,
  ownBudget,
  addUp,
  type AgentEvent,
  type AgentState,
  type BudgetLimits,
  type Calendar,
  type Ms,
  type Spend,
} from "@midwatch/core";
import type { AgentRow, Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import type { AgentJob, AgentOutcome } from "../ledger/fold-agents.ts";
import type { Ledger, LedgerListener, SharedSpending } from "../ledger/ledger.ts";
import { mergedLimits, type LimitChanges } from "../settings.ts";
import { holdOf, nothingSpentYet, toTell, withSpend, type SharedBudget, type SharedSpent } from "./shared-budget.ts";

const factPrefix = "shared-budget:";
const everyMs = 1_000;
/** Agents held in one commit. */
const atOnce = 200;

/** As the file has them. */
export interface SharedLimits {
  readonly install: BudgetLimits;
  readonly tags: Readonly<Record<string, BudgetLimits>>;
}

export const noSharedLimits: SharedLimits = { install: {}, tags: {} };

interface SharedBudgetsDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly calendar: Calendar;
  readonly limits: SharedLimits;
}

interface Member {
  readonly tags: readonly string[];
  readonly hold: AgentState["hold"];
}

export class SharedBudgets implements LedgerListener {
  readonly #given: SharedBudgetsDeps;
  readonly #budgets = new Map<string, SharedBudget>();
  readonly #members = new Map<string, Member>();
  #ledger: Ledger | null = null;
  #settling: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  /** What was held when agents were last looked at; unlike anything before that. */
  #holding = "?";
  /** Budgets of which nothing is stored yet. */
  readonly #unread = new Set<string>();
  /** Agents that have changed since. */
  readonly #changed = new Set<string>();

  constructor(given: SharedBudgetsDeps) {
    this.#given = given;
  }

  /** Reads which budgets there are and what was spent of them. Then every agent is told to `note`. */
  async load(ledger: Ledger): Promise<void> {
    const { store, limits } = this.#given;
    this.#ledger = ledger;
    const known = new Map<string, SharedSpent>();
    for (const { key, value } of await store.factsWith(factPrefix)) {
      // Written by this class only.
      known.set(key.slice(factPrefix.length), { ...nothingSpentYet, ...(JSON.parse(value) as SharedSpent) });
    }
    const named = ["install", ...Object.keys(limits.tags).map((tag) => `tag:${tag}`)];
    for (const name of new Set([...named, ...known.keys()])) {
      const state = known.get(name);
      const budget = budgetOf(name, this.#ofFile(name), state ?? nothingSpentYet);
      if (Object.keys(budget.limits).length === 0) continue;
      this.#budgets.set(name, budget);
      if (!state) this.#unread.add(name);
    }
  }

  /** Budgets that are new know what was spent of them before. After every agent was told to `note`. */
  async recall(): Promise<void> {
    for (const name of this.#unread) this.#budgets.set(name, await this.#fromLedger(name, this.#ofFile(name)));
    this.#unread.clear();
  }

  readonly note = ({ name, state, overrides }: Pick<AgentRow, "name" | "state" | "overrides">): void => {
    this.#members.set(name, { tags: overrides.tags, hold: state.hold });
  };

  covers(agent: string): boolean {
    for (const name of this.#budgets.keys()) if (this.#isOf(name, agent)) return true;
    return false;
  }

  list(): readonly SharedBudget[] {
    return [...this.#budgets.values()].map((budget) => this.#rolled(budget));
  }

  /** Of an agent of whom nothing is known but that it would be one more: what holds it; undefined without a budget for all. */
  othersHeld(): ReturnType<typeof holdOf> | undefined {
    const install = this.#budgets.get("install");
    return install && holdOf(this.#rolled(install));
  }

  /** For the ledger, inside its transaction: changes nothing here until `committed`. */
  readonly spend = (outcomes: ReadonlyMap<string, AgentOutcome>, at: Ms): SharedSpending | null => {
    if (this.#budgets.size === 0) return null;
    const changed: SharedBudget[] = [];
    const announcements: SharedSpending["announcements"][number][] = [];
    for (const budget of this.#budgets.values()) {
      let sum = nothingSpent;
      for (const { overrides, spend } of outcomes.values()) {
        if (spend !== nothingSpent && isOf(budget.name, overrides.tags)) sum = addUp(sum, spend);
      }
      if (sum === nothingSpent) continue;
      const spent = withSpend(budget, sum, { at, calendar: this.#given.calendar });
      const told = toTell(spent, at);
      if (told) announcements.push(told.announcement);
      changed.push(told?.budget ?? spent);
    }
    if (changed.length === 0) return null;
    return {
      facts: changed.map(factOf),
      announcements,
      committed: () => {
        for (const budget of changed) this.#budgets.set(budget.name, budget);
      },
    };
  };

  committed({ outcomes }: Parameters<LedgerListener["committed"]>[0]): void {
    for (const outcome of outcomes.values()) {
      if (outcome.forgotten) this.#members.delete(outcome.name);
      else this.note(outcome);
      if (this.#budgets.size > 0) this.#changed.add(outcome.name);
    }
    if (this.#budgets.size > 0) void this.settle();
  }

  failed(): void {
    // Nothing changed.
  }

  /** Holds and lets go whoever is to be; resolves when that is durable. */
  async settle(): Promise<void> {
    this.#settling = this.#settling.then(async () => {
      try {
        await this.#settleOnce();
      } catch {
        // The ledger says what is wrong with the store; the loop tries again in a second.
      }
    });
    await this.#settling;
  }

  /** Sets limits of one budget; null goes back to what the file says. */
  async set(name: string, limits: LimitChanges): Promise<SharedBudget> {
    const { store, clock } = this.#given;
    const ofFile = this.#ofFile(name);
    const before = this.#budgets.get(name) ?? (await this.#fromLedger(name, ofFile));
    const set = mergedLimits(before.state.set, limits);
    const budget = this.#rolled(budgetOf(name, ofFile, { ...before.state, set }));
    const told = toTell(budget, clock.now());
    const after = told === null ? budget : quietly(told);
    // Whoever sets a limit knows what that does; but what others were told of has to be ended for them.
    if (told?.announcement.what === "resolved") await this.#ledger?.announce(told.announcement);
    await store.putFact(factPrefix + name, JSON.stringify(after.state));
    if (Object.keys(after.limits).length === 0) this.#budgets.delete(name);
    else this.#budgets.set(name, after);
    await this.settle();
    return after;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#turn().then(() => this.start()), everyMs).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#settling;
  }

  /** Periods end by themselves. */
  async #turn(): Promise<void> {
    const { store, clock } = this.#given;
    for (const budget of this.#budgets.values()) {
      const rolled = this.#rolled(budget);
      if (rolled === budget) continue;
      const told = toTell(rolled, clock.now());
      const after = told?.budget ?? rolled;
      this.#budgets.set(budget.name, after);
      try {
        if (told) await this.#ledger?.announce(told.announcement);
        await store.putFact(factPrefix + budget.name, JSON.stringify(after.state));
      } catch {
        // Told and stored with the next spending; what holds agents is read off the time, not off the store.
      }
    }
    if (this.#budgets.size > 0) await this.settle();
  }

  async #settleOnce(): Promise<void> {
    invariant(this.#ledger, "budgets are settled after they were loaded");
    const at = this.#given.clock.now();
    const holds = new Map(this.list().map((budget) => [budget.name, holdOf(budget)]));
    const spent = [...holds].filter(([, hold]) => hold !== null);
    const holding = JSON.stringify(spent);
    // Everybody is looked at only when what is held has changed; else those that have changed themselves.
    const names = holding === this.#holding ? [...this.#changed] : [...this.#members.keys()];
    this.#changed.clear();
    const jobs = names.flatMap((name): AgentJob[] => {
      const event = this.#eventFor(name, holds, at);
      return event ? [{ name, events: [event], registerAt: null }] : [];
    });
    for (let from = 0; from < jobs.length; from += atOnce) {
      await this.#ledger.commit(jobs.slice(from, from + atOnce));
    }
    this.#holding = holding;
  }

  /** What has to happen to an agent, so that it is held just when a budget of its is spent. */
  #eventFor(name: string, holds: ReadonlyMap<string, ReturnType<typeof holdOf>>, at: Ms): AgentEvent | null {
    const member = this.#members.get(name);
    if (!member) return null;
    const { hold, tags } = member;
    const mine = hold?.by === "budget" && hold.budget !== undefined && hold.budget !== ownBudget ? hold.budget : null;
    if (mine !== null && ((holds.get(mine) ?? null) === null || !isOf(mine, tags))) {
      return { type: "budget-released", at, budget: mine };
    }
    if (hold !== null) return null;
    for (const [budget, held] of holds) {
      if (held && isOf(budget, tags)) return { type: "budget-held", at, budget, ...held };
    }
    return null;
  }

  #rolled(budget: SharedBudget): SharedBudget {
    const { clock, calendar } = this.#given;
    return withSpend(budget, nothingSpent, { at: clock.now(), calendar });
  }

  /** A budget that is set in the middle of a month knows what was spent of it before. */
  async #fromLedger(name: string, limits: BudgetLimits): Promise<SharedBudget> {
    const { store, clock, calendar } = this.#given;
    const now = clock.now();
    let budget = budgetOf(name, limits, nothingSpentYet);
    const hours = await store.hours({ from: calendar("month", now).from, to: now + 1 });
    for (const row of hours.toSorted((a, b) => a.hour - b.hour)) {
      if (!this.#isOf(name, row.agent)) continue;
      const spend: Spend = { tokens: row.tokens, costUsdMicros: row.costUsdMicros, unpricedTokens: 0 };
      budget = withSpend(budget, spend, { at: row.hour, calendar });
    }
    return withSpend(budget, nothingSpent, { at: now, calendar });
  }

  #ofFile(name: string): BudgetLimits {
    const { limits } = this.#given;
    return name === "install" ? limits.install : (limits.tags[name.slice("tag:".length)] ?? {});
  }

  #isOf(budget: string, agent: string): boolean {
    return isOf(budget, this.#members.get(agent)?.tags ?? []);
  }
}

/** What has become worse by what an operator has set: nobody was told of it. */
function quietly({ budget, announcement }: NonNullable<ReturnType<typeof toTell>>): SharedBudget {
  return announcement.what === "opened" ? { ...budget, state: { ...budget.state, toldAt: null } } : budget;
}

function isOf(budget: string, tags: readonly string[]): boolean {
  return budget === "install" || tags.includes(budget.slice("tag:".length));
}

function budgetOf(name: string, ofFile: BudgetLimits, state: SharedSpent): SharedBudget {
  return { name, limits: { ...ofFile, ...state.set }, state };
}

function factOf({ name, state }: SharedBudget): { readonly key: string; readonly value: string } {
  return { key: factPrefix + name, value: JSON.stringify(state) };
}
