/** A duration as people give it: `"500ms"`, `"60s"`, `"5m"`, `"1h"`, `"2d"`, or a number of seconds. */
export type Duration = string | number;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Whole milliseconds, or null for what is no duration: negative, not finite, without a known unit. */
export function durationMs(duration: Duration): number | null {
  if (typeof duration === "number") {
    return Number.isFinite(duration) && duration >= 0 ? Math.round(duration * 1000) : null;
  }
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/u.exec(duration.trim());
  const factor = UNIT_MS[match?.[2] ?? ""];
  return match === null || factor === undefined ? null : Math.round(Number(match[1]) * factor);
}
