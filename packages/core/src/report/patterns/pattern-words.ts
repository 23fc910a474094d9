import type { Restart } from "../restarts.ts";

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** "2026-11-24" as "24 Nov". */
export function spellDate(date: string): string {
  const [, month, day] = date.split("-").map(Number);
  return `${day ?? "?"} ${months[(month ?? 0) - 1] ?? "?"}`;
}

/** 0.24 as "24 %". */
export function spellShare(share: number): string {
  return `${Math.round(share * 100)} %`;
}

export function causeOf({ cause }: Pick<Restart, "cause">): string {
  return cause ?? "cause not seen";
}

/** Minutes after midnight as "03:07". */
export function spellMinute(minute: number): string {
  const whole = Math.round(minute) % 1_440;
  return `${String(Math.floor(whole / 60)).padStart(2, "0")}:${String(whole % 60).padStart(2, "0")}`;
}

export function spellBytes(bytes: number): string {
  const megabytes = bytes / 1e6;
  return megabytes < 1_000 ? `${Math.round(megabytes)} MB` : `${(megabytes / 1_000).toFixed(1)} GB`;
}
