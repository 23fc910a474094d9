import { preview } from "./fields.ts";

/** A duration as people give it: `"500ms"`, `"60s"`, `"5m"`, `"1h"`, `"2d"`, or a number of seconds. */
export type Duration = string | number;

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest the wire takes: 31 days. */
const LONGEST_MS = 31 * 86_400_000;

/** Whole milliseconds, or null for what is no duration: negative, without a known unit, longer than 31 days. */
export function durationMs(duration: Duration): number | null {
  const ms = typeof duration === "number" ? duration * 1000 : textMs(preview(duration));
  return ms >= 0 && ms <= LONGEST_MS ? Math.round(ms) : null;
}

function textMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/u.exec(text.trim());
  return Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ""] ?? Number.NaN);
}
