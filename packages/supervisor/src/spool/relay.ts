// What agents and the supervisor have to say to the server, on its way into the spool. A beat that cannot be written is
// refused, and its agent sends it again. A fact has nobody to send it again, so it is held in memory until the disk takes it.

import type { SupervisorFact } from "@midwatch/protocol";
import type { Clock } from "../clock.ts";
import { SupervisorError } from "../failure.ts";
import type { Spool } from "./spool.ts";

export interface Relay {
  /** Resolves when the beat is durable; rejects with `spool_write_failed` when it cannot be. */
  beat(body: unknown, receivedAt: number): Promise<void>;
  fact(fact: SupervisorFact): void;
  /** The number of what was said last; null when nobody listens. */
  readonly last: number | null;
  close(): void;
}

/** Without a server nothing is relayed. */
export const noRelay: Relay = {
  beat: () => Promise.resolve(),
  fact: () => undefined,
  last: null,
  close: () => undefined,
};

interface OrderedFact {
  readonly order: number;
  readonly fact: SupervisorFact;
}

const heldLimit = 1_000;
const retryMs = 1_000;

export class SpoolRelay implements Relay {
  readonly #spool: Spool;
  readonly #clock: Clock;
  readonly #log: (line: string) => void;
  /** Facts the disk has refused, in order. */
  #held: OrderedFact[] = [];
  #facts = 0;
  #cancelRetry: (() => void) | null = null;
  #refusing = false;

  constructor(spool: Spool, clock: Clock, log: (line: string) => void) {
    this.#spool = spool;
    this.#clock = clock;
    this.#log = log;
  }

  get last(): number {
    return this.#spool.last;
  }

  async beat(body: unknown, receivedAt: number): Promise<void> {
    try {
      await this.#spool.append({ beat: body, received_at: receivedAt });
      this.#refusing = false;
    } catch (error) {
      this.#sayOnce(error);
      throw error;
    }
  }

  fact(fact: SupervisorFact): void {
    const ordered = { order: (this.#facts += 1), fact };
    // Later facts wait behind held ones, so that they stay in order.
    if (this.#held.length > 0) this.#hold([ordered]);
    else this.#append([ordered]);
  }

  #append(facts: readonly OrderedFact[]): void {
    for (const ordered of facts) {
      this.#spool.append({ fact: ordered.fact }).then(
        () => (this.#refusing = false),
        (error: unknown) => {
          this.#sayOnce(error);
          this.#hold([ordered]);
        },
      );
    }
  }

  #hold(facts: readonly OrderedFact[]): void {
    this.#held = [...this.#held, ...facts].toSorted((a, b) => a.order - b.order).slice(-heldLimit);
    this.#cancelRetry ??= this.#clock.after(retryMs, () => {
      this.#cancelRetry = null;
      this.#append(this.#held.splice(0));
    });
  }

  #sayOnce(error: unknown): void {
    if (this.#refusing) return;
    this.#refusing = true;
    this.#log(error instanceof SupervisorError ? error.message : String(error));
  }

  /** Makes one last try with what is held. */
  close(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    for (const { fact } of this.#held.splice(0)) {
      this.#spool.append({ fact }).catch(() => {
        // The disk still refuses it and this life is over: the journal holds the state, the server misses one line.
      });
    }
  }
}
