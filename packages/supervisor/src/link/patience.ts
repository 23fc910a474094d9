import type { DurationMs } from "@midwatch/core";

const firstMs: DurationMs = 500;
const longestMs: DurationMs = 30_000;

/**
 * How long to wait before the next try, after `failures` in a row (at least 1). Doubles up to half a minute, and is spread, so that
 * many supervisors do not come back to a server all at once.
 * @param random From 0 up to 1.
 */
export function waitAfter(failures: number, random: number): DurationMs {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (0.5 + random / 2));
}
