// Two clocks, because each lies in its own way. The wall clock knows what time it is, and jumps: NTP corrects it, a person
// sets it, a suspended laptop wakes hours later. The monotonic clock only measures, never jumps, and stands still
// during a suspend. The watcher's time is made of both: it follows the wall forward at once, and never goes back. When
// the wall has been set back, it goes on 10 % slow until the wall has caught up; a deadline is then late by a tenth,
// instead of by the whole jump.

import type { DurationMs, Ms } from "@midwatch/core";

export interface Clock {
  /** Milliseconds since the epoch, integer. */
  readonly now: () => Ms;
  /** Milliseconds from an arbitrary start; never goes back. */
  readonly monotonic: () => DurationMs;
}

const slowBy = 0.1;

/** A clock that never goes back, over a wall clock that may. */
export function steadyClock(source: Clock): Clock {
  let last = source.now();
  let measured = source.monotonic();
  return {
    now() {
      const wall = source.now();
      const monotonic = source.monotonic();
      const elapsed = Math.max(0, monotonic - measured);
      if (wall >= last) {
        last = wall;
        measured = monotonic;
      } else if (elapsed >= 10) {
        last += Math.floor(elapsed * (1 - slowBy));
        measured = monotonic;
      }
      return last;
    },
    monotonic: () => source.monotonic(),
  };
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
