const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Longest duration that is taken: 366 days, in milliseconds. */
export const MAX_DURATION_MS = 366 * 86_400_000;

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

const STEPS = [
  { word: "d", ms: 86_400_000 },
  { word: "h", ms: 3_600_000 },
  { word: "min", ms: 60_000 },
  { word: "s", ms: 1_000 },
] as const;

/** A duration for people, in its two largest units: `850 ms`, `45 s`, `3 min 20 s`, `2 h 5 min`, `1 d 4 h`. Never rounds up. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.trunc(ms));
  const first = STEPS.findIndex((step) => whole >= step.ms);
  const step = STEPS[first];
  if (step === undefined) return `${whole} ms`;
  const count = Math.floor(whole / step.ms);
  const next = STEPS[first + 1];
  const rest = next === undefined ? 0 : Math.floor((whole % step.ms) / next.ms);
  return next === undefined || rest === 0 ? `${count} ${step.word}` : `${count} ${step.word} ${rest} ${next.word}`;
}
