import { setTimeout as pause } from "node:timers/promises";

export interface Weight {
  readonly rssBytes: number;
  readonly heapBytes: number;
}

/** What this process weighs after collecting what is garbage, and after the allocator had a moment to give pages back. */
export async function weigh(): Promise<Weight> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await pause(300);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rssBytes: rss, heapBytes: heapUsed };
}
