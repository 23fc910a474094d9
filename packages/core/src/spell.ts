import { DAY, HOUR, MINUTE, SECOND, type DurationMs } from "./time.ts";

/** A duration for people: "40 ms", "12 s", "3 min 20 s", "22 h 10 min", "4 d 3 h". Two units at most. */
export function spellDuration(ms: DurationMs): string {
  if (ms < SECOND) return `${Math.max(0, Math.round(ms))} ms`;
  const whole = Math.round(ms / SECOND) * SECOND;
  if (whole < MINUTE) return `${whole / SECOND} s`;
  if (whole < HOUR) return spellTwo(whole, MINUTE, "min", SECOND, "s");
  if (whole < DAY) return spellTwo(whole, HOUR, "h", MINUTE, "min");
  return spellTwo(whole, DAY, "d", HOUR, "h");
}

/** 1234567 → "1,234,567". */
export function spellCount(count: number): string {
  const digits = Math.round(count).toString();
  return digits.replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** 1 → "1st", 7 → "7th", 12 → "12th". */
export function spellOrdinal(n: number): string {
  const lastTwo = n % 100;
  const suffix = lastTwo > 10 && lastTwo < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

function spellTwo(ms: DurationMs, big: DurationMs, bigName: string, small: DurationMs, smallName: string): string {
  const bigs = Math.floor(ms / big);
  const smalls = Math.floor((ms - bigs * big) / small);
  return smalls === 0 ? `${bigs} ${bigName}` : `${bigs} ${bigName} ${smalls} ${smallName}`;
}
