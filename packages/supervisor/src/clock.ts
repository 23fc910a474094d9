// What time it is for the supervisor. Its time never runs backwards, because the core judges deadlines by it: when
// the wall clock is set back, time goes on from where it was; when it leaps forward, or the machine slept, or this
// process did not get to run, time follows and the gap is reported, because nobody watched meanwhile.

import type { DurationMs, Ms } from "@midwatch/core";

/** The machine's clocks and one timer; a simulated one in tests. */
export interface Clock {
  /** Milliseconds since the Unix epoch, as set on this machine. */
  readonly wall: () => Ms;
  /** Milliseconds that only go forward, from any origin. Need not count while the machine sleeps. */
  readonly monotonic: () => DurationMs;
  /** Calls back once; the returned function cancels. */
  readonly after: (delayMs: DurationMs, call: () => void) => () => void;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, Math.min(delayMs, 0x7fffffff));
    return () => clearTimeout(timer);
  },
};

/** A stretch of time that nobody watched. */
export interface Gap {
  readonly from: Ms;
  readonly to: Ms;
}

/** Late wake-ups and clock differences up to this are ordinary: timers are late, NTP slews. */
const ordinaryMs = 2_000;

export class SteadyTime {
  readonly #clock: Clock;
  /** Steady time minus monotonic time. */
  #offset: number;

  /** @param notBefore The latest time known from before this process began; the clock may have been set back since. */
  constructor(clock: Clock, notBefore: Ms = 0) {
    this.#clock = clock;
    this.#offset = Math.max(clock.wall(), notBefore) - clock.monotonic();
  }

  now(): Ms {
    return Math.round(this.#clock.monotonic() + this.#offset);
  }

  /**
   * To be called when the timer rings that was set for `plannedAt`. Follows a leap of the wall clock, and returns the
   * time that went by unwatched: a sleep, a leap, a starved process; null when the timer rang about in time.
   */
  look(plannedAt: Ms): Gap | null {
    const ahead = this.#clock.wall() - this.now();
    if (ahead > ordinaryMs) this.#offset += ahead;
    const now = this.now();
    return now - plannedAt > ordinaryMs ? { from: plannedAt, to: now } : null;
  }
}
