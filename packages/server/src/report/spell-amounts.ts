import { HOUR, MINUTE, spellCount, spellDuration } from "@midwatch/core";

export function spellSome(count: number, noun: string): string {
  return `${spellCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A day is 24 hours here, and sometimes 23 or 25. */
export function spellHours(ms: number): string {
  const hours = Math.floor(ms / HOUR);
  if (hours < 24) return spellDuration(ms);
  const minutes = Math.floor((ms - hours * HOUR) / MINUTE);
  return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
}

/** Never rounds up: an agent that was down for a second was not up 100 %. */
export function spellPercent(part: number): string {
  return part === 1 ? "100 %" : `${(Math.floor(part * 10_000) / 100).toFixed(2)} %`;
}

export function spellTimes(times: number): string {
  return `${times >= 10 ? spellCount(times) : times.toFixed(times < 0.1 ? 2 : 1)} ×`;
}
