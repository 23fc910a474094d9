import { setImmediate as turn } from "node:timers/promises";
import type { DurationMs, Ms } from "@midwatch/core";
import type { Clock } from "../clock.ts";

export interface SimulatedClock extends Clock {
  /** Lets time pass as it does while somebody watches: every timer rings in its turn. */
  pass(ms: DurationMs): Promise<void>;
  /** Lets time pass unwatched, as while the machine sleeps: timers ring late. */
  leap(ms: DurationMs): Promise<void>;
}

/** Its time passes only when it is told to; processes and sockets live in real time beside it. */
export function simulatedClock(startAt: Ms = Date.parse("2026-03-01T00:00:00Z")): SimulatedClock {
  let elapsed = 0;
  const timers = new Set<{ readonly at: number; readonly call: () => void }>();
  const ring = (): void => {
    for (const timer of [...timers].toSorted((a, b) => a.at - b.at)) {
      if (timer.at > elapsed || !timers.delete(timer)) continue;
      timer.call();
    }
  };
  return {
    wall: () => startAt + elapsed,
    monotonic: () => elapsed,
    after(delayMs, call) {
      const timer = { at: elapsed + delayMs, call };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async pass(ms) {
      const end = elapsed + ms;
      while (elapsed < end) {
        elapsed = Math.min(end, ...[...timers].map(({ at }) => Math.max(at, elapsed)));
        ring();
        await turn();
      }
    },
    async leap(ms) {
      elapsed += ms;
      ring();
      await turn();
    },
  };
}
