// Times in words. "Ago" and durations are what a tired person reads; the exact UTC stands in every tooltip.

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** 12,400 → "12 s", 200,000 → "3 min 20 s". Two units at most; milliseconds in. */
export function spellDuration(ms: number): string {
  if (ms < second) return `${Math.max(0, Math.round(ms))} ms`;
  const whole = Math.floor(ms / second) * second;
  if (whole < minute) return `${whole / second} s`;
  if (whole < hour) return spellTwo(whole, [minute, "min"], [second, "s"]);
  if (whole < day) return spellTwo(whole, [hour, "h"], [minute, "min"]);
  return spellTwo(whole, [day, "d"], [hour, "h"]);
}

/** How long ago, in one unit: "now", "12 s ago", "3 min ago". A time in the future is "now": clocks differ a little. */
export function spellAgo(at: number, now: number): string {
  const ms = now - at;
  if (ms < second) return "now";
  if (ms < minute) return `${Math.floor(ms / second)} s ago`;
  if (ms < hour) return `${Math.floor(ms / minute)} min ago`;
  if (ms < day) return `${Math.floor(ms / hour)} h ago`;
  return `${Math.floor(ms / day)} d ago`;
}

/** "2026-11-24 03:12:06 UTC". */
export function spellUtc(iso: string): string {
  const exact = new Date(iso).toISOString();
  return `${exact.slice(0, 10)} ${exact.slice(11, 19)} UTC`;
}

/**
 * The time of day in the viewer's own zone, 24 hours; the date is put before it when it is not today's. Seconds only
 * where they are asked for.
 */
export function spellLocal(at: number, now: number, withSeconds = false): string {
  const then = new Date(at);
  const time = [then.getHours(), then.getMinutes(), ...(withSeconds ? [then.getSeconds()] : [])]
    .map(twoDigits)
    .join(":");
  if (then.toDateString() === new Date(now).toDateString()) return time;
  const date = `${then.getDate()} ${monthNames[then.getMonth()] ?? ""}`;
  return then.getFullYear() === new Date(now).getFullYear()
    ? `${date}, ${time}`
    : `${date} ${then.getFullYear()}, ${time}`;
}

const monthNames = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function spellTwo(ms: number, [big, bigName]: [number, string], [small, smallName]: [number, string]): string {
  const bigs = Math.floor(ms / big);
  const smalls = Math.floor((ms - bigs * big) / small);
  return smalls === 0 ? `${bigs} ${bigName}` : `${bigs} ${bigName} ${smalls} ${smallName}`;
}

function twoDigits(n: number): string {
  return n.toString().padStart(2, "0");
}
