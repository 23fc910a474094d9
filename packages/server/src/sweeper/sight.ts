// The watcher watches its own sight. It writes down every few seconds that it still sees; whatever lies between the last
// such moment and the next is a time nobody watched, and no agent may be blamed for it. There are four ways to go blind,
// and two clocks tell them apart: the process was down (at start, against the note in the store), the machine slept or
// the clock was set forward (the wall clock ran ahead of the monotonic one), or the event loop starved (the monotonic clock
// itself jumped between two turns of a loop that should turn ten times a second).

import { SECOND, type DurationMs, type Ms } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";

const lastSightFact = "last-sight";
export const gapFactPrefix = "gap:";
/** How far apart two looks may lie before the time between them counts as unseen. */
const toleranceMs: DurationMs = 2 * SECOND;
const noteEveryMs: DurationMs = 5 * SECOND;

/** A time in which nobody watched. */
export interface Gap {
  readonly from: Ms;
  readonly to: Ms;
  readonly cause: "down" | "asleep" | "starved";
}

export class Sight {
  readonly #store: Store;
  readonly #clock: Clock;
  #wall: Ms;
  #monotonic: DurationMs;
  #notedAt: DurationMs = Number.NEGATIVE_INFINITY;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#wall = clock.now();
    this.#monotonic = clock.monotonic();
  }

  /** The time since an earlier process last saw, or null when there was none or it was just now. */
  async gapAtStart(): Promise<Gap | null> {
    const noted = await this.#store.fact(lastSightFact);
    const from = noted === null ? Number.NaN : Number(noted);
    const to = this.#clock.now();
    return to - from > toleranceMs ? { from, to, cause: "down" } : null;
  }

  /** Call on every turn of the loop: the gap since the last look, if there was one. */
  look(): Gap | null {
    const wall = this.#clock.now();
    const monotonic = this.#clock.monotonic();
    const from = this.#wall;
    const elapsed = monotonic - this.#monotonic;
    this.#wall = wall;
    this.#monotonic = monotonic;
    if (wall - from - elapsed > toleranceMs) return { from, to: wall, cause: "asleep" };
    if (elapsed > toleranceMs) return { from, to: wall, cause: "starved" };
    return null;
  }

  /** Writes down that all up to now was seen; at most every few seconds unless `force`. */
  async note(force = false): Promise<void> {
    const monotonic = this.#clock.monotonic();
    if (!force && monotonic - this.#notedAt < noteEveryMs) return;
    this.#notedAt = monotonic;
    await this.#store.putFact(lastSightFact, String(this.#clock.now()));
  }

  async record(gap: Gap): Promise<void> {
    await this.#store.putFact(`${gapFactPrefix}${gap.from}`, JSON.stringify(gap));
  }
}
