import { DAY, SECOND, type DurationMs, type Ms } from "@midwatch/core";

/**
 * Reads `Retry-After`: seconds, or an HTTP date. Null when it is absent or makes no sense; at most a day, since the outbox tries no
 * longer than that.
 */
export function retryAfter(header: string | null, now: Ms): DurationMs | null {
  const value = header?.trim() ?? "";
  const waitMs = /^\d{1,9}$/.test(value) ? Number(value) * SECOND : Date.parse(value) - now;
  return Number.isFinite(waitMs) && waitMs >= 0 ? Math.min(waitMs, DAY) : null;
}
