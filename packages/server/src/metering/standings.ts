// Who may call. The metering proxy asks for it, is told at once of every change, and keeps the answer for the time when this
// server is away. Only agents that are held or have a budget are listed: of a fleet without budgets there is nothing to tell.

import { randomUUID } from "node:crypto";
import type { AgentSettings, AgentState } from "@midwatch/core";
import type { Standing, Standings } from "@midwatch/protocol";
import type { LedgerListener } from "../ledger/ledger.ts";
import { iso } from "../views/time.ts";

const plain: Standing = { directive: "continue", reason: null, until: null, budgeted: false };

export class StandingsBook implements LedgerListener {
  readonly #agents = new Map<string, Standing>();
  readonly #waiting = new Set<() => void>();
  readonly #isShared: (agent: string) => boolean;
  /** Numbers of another life of this server mean nothing. */
  readonly #life = randomUUID().slice(0, 8);
  #others: Standing = plain;
  #count = 0;
  #closed = false;

  /** `isShared` tells whether a budget over several agents holds for one. */
  constructor(isShared: (agent: string) => boolean) {
    this.#isShared = isShared;
  }

  get rev(): string {
    return `${this.#life}.${this.#count}`;
  }

  read(sees: (agent: string) => boolean): Standings {
    const agents = Array.from(this.#agents, ([agent, standing]) => ({ agent, ...standing }));
    return { rev: this.rev, agents: agents.filter(({ agent }) => sees(agent)), others: this.#others };
  }

  note(state: AgentState, settings: AgentSettings): void {
    const standing = standingOf(state, settings, this.#isShared(state.name));
    const before = this.#agents.get(state.name) ?? plain;
    if (isSame(before, standing)) return;
    if (isSame(standing, this.#others) && isSame(standing, plain)) this.#agents.delete(state.name);
    else this.#agents.set(state.name, standing);
    this.#changed();
  }

  /** How agents stand of whom nothing else is known: as the budget of the whole installation says. */
  noteOthers(standing: Standing): void {
    if (isSame(this.#others, standing)) return;
    this.#others = standing;
    this.#changed();
  }

  committed({ outcomes }: Parameters<LedgerListener["committed"]>[0]): void {
    for (const { state, settings } of outcomes.values()) this.note(state, settings);
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

  #changed(): void {
    this.#count += 1;
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
    until: hold?.until === undefined || hold.until === null ? null : iso(hold.until),
    budgeted: isShared || Object.keys(budget).length > 0,
  };
}

function isSame(a: Standing, b: Standing): boolean {
  return a.directive === b.directive && a.reason === b.reason && a.until === b.until && a.budgeted === b.budgeted;
}
