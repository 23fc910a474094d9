// The supervisor's own eyes: a few times a second it asks which agent is due. When a round comes much later than it was
// planned, because the machine slept, the clock leapt or this process did not get to run, nobody has watched meanwhile, and
// every agent is told so before any of its deadlines is judged.

import { spellDuration, type DurationMs } from "@midwatch/core";
import type { Clock, SteadyTime } from "./clock.ts";
import type { Keeper } from "./keeper/keeper.ts";
import type { OutOfMemoryWatch } from "./process/out-of-memory.ts";

export interface WatchOptions {
  readonly clock: Clock;
  readonly time: SteadyTime;
  /** Those that are kept now. */
  readonly keepers: () => Iterable<Keeper>;
  readonly outOfMemory: OutOfMemoryWatch;
  /** Somebody listens to what the agents print. */
  readonly showsOutput: boolean;
  readonly log: (line: string) => void;
}

const roundMs: DurationMs = 250;
const slowRounds = 4;
/** What is only in memory (beats since the last decision) is written this often. */
const saveRounds = 240;
/** A state that was good for ten minutes is worth going back to. */
const goodStateRounds = 2_400;

export class Watch {
  readonly #options: WatchOptions;
  #cancel: (() => void) | null = null;
  #round = 0;
  #closed = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  open(): void {
    this.#plan();
  }

  #plan(): void {
    if (this.#closed) return;
    const { clock, time } = this.#options;
    const plannedAt = time.now() + roundMs;
    this.#cancel = clock.after(roundMs, () => {
      this.#look(plannedAt);
      this.#plan();
    });
  }

  #look(plannedAt: number): void {
    const { time, keepers, outOfMemory, showsOutput, log } = this.#options;
    const gap = time.look(plannedAt);
    if (gap) {
      log(
        `nobody watched for ${spellDuration(gap.to - gap.from)}: the machine slept, its clock leapt, or this process did not get to run. No agent is blamed for it.`,
      );
      for (const keeper of keepers()) void keeper.loseSight(gap.from, gap.to);
    }
    const now = time.now();
    this.#round += 1;
    for (const keeper of keepers()) {
      if (!gap && keeper.deadline !== null && keeper.deadline <= now) void keeper.tick();
      if (showsOutput || keeper.isChatty || this.#round % slowRounds === 0) void keeper.look();
      if (this.#round % saveRounds === 0) void keeper.saveIfNeeded();
      if (this.#round % goodStateRounds === 0) void keeper.keepGoodState();
    }
    if (this.#round % slowRounds === 0) outOfMemory.look();
  }

  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#options.outOfMemory.close();
  }
}
