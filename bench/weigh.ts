import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

export interface Weight {
  readonly rssBytes: number;
  /** Without what is backed by files, which is mostly Node's own program; null where the system does not tell. */
  readonly anonymousBytes: number | null;
  readonly heapBytes: number;
}

/** What this process weighs after collecting what is garbage, and after the allocator had a moment to give pages back. */
export async function weigh(): Promise<Weight> {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc?.();
    await pause(300);
  }
  const { rss, heapUsed } = process.memoryUsage();
  return { rssBytes: rss, anonymousBytes: anonymousBytes(), heapBytes: heapUsed };
}

function anonymousBytes(): number | null {
  try {
    const [, kib] = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return kib === undefined ? null : Number(kib) * 1024;
  } catch {
    // Linux only.
    return null;
  }
}
