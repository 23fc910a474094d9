import { MINUTE } from "@midwatch/core";
import type { Clock } from "../clock.ts";

const windowMs = MINUTE;
/** Wrong keys from one address in a minute before it has to wait. A key has 192 random bits: this only keeps logs and CPU quiet. */
const maxTries = 100;
const maxAddresses = 10_000;

/** Counts wrong keys per address. */
export class FailedTries {
  readonly #clock: Clock;
  readonly #tries = new Map<string, { count: number; until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds the address has to wait, or 0. */
  waitS(address: string): number {
    const known = this.#tries.get(address);
    const left = known ? known.until - this.#clock.monotonic() : 0;
    return known && known.count >= maxTries && left > 0 ? Math.ceil(left / 1000) : 0;
  }

  note(address: string): void {
    const now = this.#clock.monotonic();
    const known = this.#tries.get(address);
    if (known && known.until > now) {
      known.count += 1;
      return;
    }
    if (this.#tries.size >= maxAddresses) this.#tries.clear();
    this.#tries.set(address, { count: 1, until: now + windowMs });
  }
}
