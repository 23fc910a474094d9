// Who may call. The metering proxy asks for it, is told at once of every change, and keeps the answer for the time when this
// server is away. Only agents that are held or have a budget are listed: of a fleet without budgets there is nothing to tell.

import { randomUUID } from "node:crypto";
import type { AgentSettings, AgentState } from "@midwatch/core";
import type { Standing, Standings } from "@midwatch/protocol";
import type { LedgerListener } from "../ledger/ledger.ts";
import { isoOrNull } from "../views/time.ts";
import type { SharedBudgets } from "./shared-budgets.ts";

const plain: Standing = { directive: "continue", reason: null, until: null, budgeted: false };

export class StandingsBook implements LedgerListener {
  readonly #agents = new Map<string, Standing>();
  readonly #waiting = new Set<() => void>();
  readonly #shared: Pick<SharedBudgets, "covers" | "othersHeld">;
  /** Numbers of another life of this server mean nothing. */
  readonly #life = randomUUID().slice(0, 8);
  #count = 0;
  #closed = false;

  constructor(shared: Pick<SharedBudgets, "covers" | "othersHeld">) {
    this.#shared = shared;
  }

  get rev(): string {
    return `${this.#life}.${this.#count}`;
  }

  read(sees: (agent: string) => boolean): Standings {
    const agents = Array.from(this.#agents, ([agent, standing]) => ({ agent, ...standing }));
    return { rev: this.rev, agents: agents.filter(({ agent }) => sees(agent)), others: this.#others() };
  }

  note(state: AgentState, settings: AgentSettings): void {
    const standing = standingOf(state, settings, this.#shared.covers(state.name));
    if (isSame(this.#agents.get(state.name) ?? plain, standing)) return;
    if (isSame(standing, plain)) this.#agents.delete(state.name);
    else this.#agents.set(state.name, standing);
    this.#changed();
  }

  #changed(): void {
    this.#count += 1;
    this.#wake();
  }

  /** Of those who are not listed: whoever is known stands as everybody does, and the budget for all holds newcomers, too. */
  #others(): Standing {
    const held = this.#shared.othersHeld();
    if (held === undefined) return plain;
    if (held === null) return { ...plain, budgeted: true };
    return { directive: "pause", reason: `paused: ${held.why}`, until: isoOrNull(held.until), budgeted: true };
  }

  committed({ outcomes }: Parameters<LedgerListener["committed"]>[0]): void {
    for (const { name, state, settings, forgotten } of outcomes.values()) {
      if (!forgotten) this.note(state, settings);
      else if (this.#agents.delete(name)) this.#changed();
    }
  }

  failed(): void {
    // Nothing changed.
  }

  /** Resolves when something differs from `known`, after `ms`, when the caller gave up or the server stops. */
  async changedFrom(known: string | null, ms: number, gaveUp: AbortSignal): Promise<void> {
    if (known !== this.rev || ms <= 0 || gaveUp.aborted || this.#closed) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        gaveUp.removeEventListener("abort", end);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      gaveUp.addEventListener("abort", end);
      this.#waiting.add(end);
    });
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

function standingOf({ hold }: AgentState, { budget }: AgentSettings, isShared: boolean): Standing {
  return {
    directive: hold?.directive ?? "continue",
    reason: hold?.reason ?? null,
    until: isoOrNull(hold?.until ?? null),
    budgeted: isShared || Object.keys(budget).length > 0,
  };
}

function isSame(a: Standing, b: Standing): boolean {
  return a.directive === b.directive && a.reason === b.reason && a.until === b.until && a.budgeted === b.budgeted;
}
