import type { Ms } from "@midwatch/core";
import type { Iso } from "@midwatch/protocol";

/** RFC 3339 in UTC, with milliseconds. */
export function iso(at: Ms): Iso {
  return new Date(at).toISOString();
}

export function isoOrNull(at: Ms | null): Iso | null {
  return at === null ? null : iso(at);
}

export function seconds(ms: number): number {
  return ms / 1000;
}

export function usd(micros: number): number {
  return micros / 1e6;
}
