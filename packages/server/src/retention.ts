// What is kept, and for how long. Beats are many and soon dull; what they add up to (hours, totals) is never deleted.
// History and incidents are few and are what people look back at: a year, and a month to look back at it. Deleting is done in
// small transactions with room for beats between them, because one long one would keep everybody waiting.

import { DAY, HOUR, MINUTE, type DurationMs, type Ms } from "@midwatch/core";
import type { Store } from "@midwatch/store";
import { setTimeout as pause } from "node:timers/promises";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import { reportFactPrefix } from "./report/sent-reports.ts";
import { storeAdvice } from "./store-trouble.ts";
import { gapFactPrefix } from "./sweeper/sight.ts";

/** How long each kind of row is kept. What is open or not delivered yet is never deleted, whatever its age. */
export const kept = {
  beats: 30 * DAY,
  history: 400 * DAY,
  incidents: 400 * DAY,
  /** Notifications that were delivered or given up. */
  outbox: 14 * DAY,
} as const satisfies Record<string, DurationMs>;

const everyMs: DurationMs = HOUR;
/** The first run waits until a start's own rush is over. */
const firstAfterMs: DurationMs = MINUTE;
/** Rows in one transaction: a few milliseconds. */
const batchSize = 500;
/** Between two batches, so that deleting takes at most a good half of the writer's time. */
const pauseMs: DurationMs = 5;
/** Rows of one run: five million an hour is more than a hundred thousand agents can beat. The rest is deleted in the next. */
const maxBatches = 10_000;

/** What is noted of gaps and of reports says something about history, and goes with it. Keys rise with time. */
function oldFacts(before: Ms): readonly { readonly from: string; readonly to: string }[] {
  const date = new Date(before).toISOString().slice(0, 10);
  return [
    { from: gapFactPrefix, to: `${gapFactPrefix}${before}` },
    ...["", "week:", "month:"].map((period) => {
      const from = `${reportFactPrefix}${period}`;
      return { from, to: from + date.slice(0, period === "month:" ? 7 : 10) };
    }),
  ];
}

export interface Retention {
  /** Prunes a minute from now and then every hour. */
  start(): void;
  /** Deletes all that is too old now; resolves when done, or at the run's bound. Never rejects: trouble is logged, once. */
  prune(): Promise<void>;
  /** Ends after the batch that is under way. */
  stop(): Promise<void>;
}

export function createRetention(given: {
  readonly store: Pick<Store, "prune">;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "info" | "error">;
}): Retention {
  const { store, clock, log } = given;
  let timer: NodeJS.Timeout | null = null;
  let underWay: Promise<void> | null = null;
  let stopped = false;
  let failing = false;

  async function run(): Promise<void> {
    const now = clock.now();
    const before = {
      beats: now - kept.beats,
      history: now - kept.history,
      incidents: now - kept.incidents,
      outbox: now - kept.outbox,
      facts: oldFacts(now - kept.history),
    };
    try {
      for (let batch = 0; batch < maxBatches && !stopped; batch += 1) {
        if (!(await store.prune(before, batchSize))) break;
        await pause(pauseMs);
      }
      if (failing) log.info({}, "deleting old rows again");
      failing = false;
    } catch (error) {
      if (!failing) log.error({ err: error }, `cannot delete old rows: ${storeAdvice(error)}; trying again every hour`);
      failing = true;
    }
  }

  function prune(): Promise<void> {
    underWay ??= run().finally(() => {
      underWay = null;
    });
    return underWay;
  }

  function schedule(afterMs: DurationMs): void {
    if (stopped) return;
    timer = setTimeout(() => void prune().then(() => schedule(everyMs)), afterMs).unref();
  }

  return {
    start: () => {
      if (timer === null) schedule(firstAfterMs);
    },
    prune,
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await underWay;
    },
  };
}
