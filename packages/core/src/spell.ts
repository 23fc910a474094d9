import { DAY, HOUR, MINUTE, SECOND, type DurationMs, type Ms } from "./time.ts";

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

/** Micro-dollars as "$5", "$0.37", "$1,204.50"; below a cent two digits that say something: "$0.0042". */
export function spellUsd(micros: number): string {
  const usd = micros / 1e6;
  if (Number.isInteger(usd)) return `$${spellCount(usd)}`;
  if (usd < 0.01) return `$${String(Number(usd.toPrecision(2)))}`;
  const [whole = "0", cents = "00"] = usd.toFixed(2).split(".");
  return `$${spellCount(Number(whole))}.${cents}`;
}

/** For a line of many amounts: "950 tokens", "12.3k tokens", "2.5M tokens". */
export function spellTokens(tokens: number): string {
  const steps: [number, string][] = [
    [1e12, "T"],
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ];
  // 999,960 rounds to 1000.0k, which belongs to the next step.
  const [size, suffix] = steps.find(([least]) => tokens >= least * 0.99995) ?? [1, ""];
  return `${Number((tokens / size).toFixed(1))}${suffix} ${tokens === 1 ? "token" : "tokens"}`;
}

/** 1 → "1st", 7 → "7th", 12 → "12th". */
export function spellOrdinal(n: number): string {
  const lastTwo = n % 100;
  const suffix = lastTwo > 10 && lastTwo < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th");
  return `${n}${suffix}`;
}

/** "no token" → "No token": a clause where a sentence begins. */
export function upperFirst(clause: string): string {
  return clause.charAt(0).toUpperCase() + clause.slice(1);
}

/** The time of day in UTC: "03:14:06 UTC". */
export function spellUtcTime(at: Ms): string {
  return `${new Date(at).toISOString().slice(11, 19)} UTC`;
}

function spellTwo(ms: DurationMs, big: DurationMs, bigName: string, small: DurationMs, smallName: string): string {
  const bigs = Math.floor(ms / big);
  const smalls = Math.floor((ms - bigs * big) / small);
  return smalls === 0 ? `${bigs} ${bigName}` : `${bigs} ${bigName} ${smalls} ${smallName}`;
}
