import type { World } from "../world.ts";

/** A clock that only moves when somebody sleeps, and then at once: an hour of pace or back-off takes no time. */
export class HeldClock implements World {
  readonly env: Record<string, string | undefined> = {};
  readonly lines: string[] = [];
  readonly sleeps: number[] = [];
  nowMs = 0;
  /** The test is over: nothing is tried again by itself. */
  over = false;

  monotonicMs(): number {
    return this.nowMs;
  }

  wallMs(): number {
    return 1_774_690_000_000 + this.nowMs;
  }

  async sleep(ms: number, { signal, holdsProcess }: Parameters<World["sleep"]>[1]): Promise<void> {
    // A retry once the test is over would be followed by the next one at once, for ever.
    if (this.over && !holdsProcess) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    this.sleeps.push(ms);
    this.nowMs += ms;
    await new Promise(setImmediate);
  }

  log(line: string): void {
    this.lines.push(line);
  }
}
