import type { DurationMs } from "@midwatch/core";
import type { Clock } from "../clock.ts";

/** A clock that stands still until it is told to go on. */
export interface TestClock extends Clock {
  advance(ms: DurationMs): void;
}

export function createTestClock(startsAt: string = "2026-11-24T03:00:00Z"): TestClock {
  let now = Date.parse(startsAt);
  let monotonic = 1_000;
  return {
    now: () => now,
    monotonic: () => monotonic,
    advance: (ms) => {
      now += ms;
      monotonic += ms;
    },
  };
}
