const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longest duration that is taken: 366 days, in milliseconds. */
const MAX_DURATION_MS = 366 * 86_400_000;

export type ParsedDuration =
  { readonly ok: true; readonly ms: number } | { readonly ok: false; readonly message: string };

/** Reads `500ms`, `60s`, `5m`, `1.5h`, `2d` as whole milliseconds. A number without a unit is refused: it could be either. */
export function parseDuration(text: string): ParsedDuration {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/u.exec(text.trim());
  const [, number, unit] = match ?? [];
  if (number === undefined || unit === undefined) {
    return { ok: false, message: `"${text.slice(0, 40)}" is not a duration; write it like 500ms, 60s, 5m, 1h or 2d` };
  }
  if (unit === "") return { ok: false, message: `"${text.slice(0, 40)}" lacks a unit; write ${number}s for seconds` };
  const factor = Object.hasOwn(UNIT_MS, unit) ? UNIT_MS[unit] : undefined;
  if (factor === undefined) return { ok: false, message: `"${unit.slice(0, 20)}" is not a unit; use ms, s, m, h or d` };
  const ms = Math.round(Number(number) * factor);
  if (ms > MAX_DURATION_MS) return { ok: false, message: `"${text.slice(0, 40)}" is longer than 366 days` };
  return { ok: true, ms };
}
