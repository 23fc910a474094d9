import type { DurationMs } from "@midwatch/core";

/** Between being asked to end and KILL. */
export interface Grace {
  readonly graceMs: DurationMs;
  /** At most, however much more time the agent asks for; default: the grace itself. */
  readonly limitMs?: DurationMs;
  /** Until when the agent has asked for more time, by `performance.now()`; asked again and again. */
  readonly grantedUntil?: () => number;
}

/** When the grace of what was asked at `askedAt` is over, by `performance.now()`: a grant may move it while it runs. */
export function graceEnd(askedAt: number, { graceMs, limitMs = graceMs, grantedUntil }: Grace): () => number {
  const atMost = askedAt + Math.max(graceMs, limitMs);
  return () => Math.min(atMost, Math.max(askedAt + graceMs, grantedUntil?.() ?? 0));
}
