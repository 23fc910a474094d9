import { SECOND, type DurationMs, type Ms } from "@midwatch/core";
import type { Clock } from "../clock.ts";
import type { Ledger } from "../ledger/ledger.ts";

/** A supervisor calls at least every 20 s (its long poll for commands); this is one call missed, and a little more. */
const lostAfterMs: DurationMs = 30 * SECOND;

/**
 * Who keeps agents, and when each was last heard. Only in memory: after a start everybody counts as just heard, since a silence
 * that nobody was there to hear proves nothing.
 */
export class Supervisors {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #heardAt = new Map<string, DurationMs>();
  readonly #lost = new Set<string>();

  constructor(ledger: Ledger, clock: Clock) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** The supervisor has called. True when it was lost or unknown: then its agents have to be told that it is seen. */
  heard(id: string): boolean {
    this.#heardAt.set(id, this.#clock.monotonic());
    return this.#lost.delete(id);
  }

  /** The watcher itself was blind: nobody is late now. */
  forgive(): void {
    const now = this.#clock.monotonic();
    for (const id of this.#heardAt.keys()) this.#heardAt.set(id, now);
  }

  /** Tells the agents of supervisors that have not been heard in time. */
  async judge(): Promise<void> {
    const now = this.#clock.monotonic();
    const { census } = this.#ledger;
    for (const id of this.#heardAt.keys()) if (census.agentsOf(id).size === 0) this.#heardAt.delete(id);
    for (const id of [...census.supervisors()]) {
      const heardAt = this.#heardAt.get(id);
      if (heardAt === undefined) this.#heardAt.set(id, now);
      else if (now - heardAt > lostAfterMs && !this.#lost.has(id)) {
        await this.#lose(id, this.#clock.now() - (now - heardAt));
        this.#lost.add(id);
      }
    }
  }

  async #lose(id: string, heardAt: Ms): Promise<void> {
    const at = this.#clock.now();
    const jobs = [...this.#ledger.census.agentsOf(id)].map((name) => ({
      name,
      events: [{ type: "supervisor-lost" as const, at, heardAt }],
      registerAt: null,
    }));
    await this.#ledger.commit(jobs, { moveDeadlines: true });
  }
}
