// The text of a systemd unit, as far as its start and stop are concerned. Drop-ins are appended to the text in their order:
// later settings win, and an empty one takes back what was set before.

import type { DurationMs } from "@midwatch/core";

export interface UnitFile {
  /** The last value, or null when it is not set. */
  value(section: string, key: string): string | null;
  /** Every value, for settings that may stand more than once. */
  values(section: string, key: string): readonly string[];
}

export function parseUnitFile(text: string): UnitFile {
  const settings = new Map<string, string[]>();
  let section = "";
  for (const raw of text.replaceAll(/\\\r?\n/g, " ").split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const header = /^\[(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      section = header;
      continue;
    }
    const [, key, value] = /^([A-Za-z][\w-]*)\s*=\s*(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    const name = `${section}.${key}`;
    settings.set(name, value === "" ? [] : [...(settings.get(name) ?? []), value]);
  }
  const values = (of: string, key: string): readonly string[] => settings.get(`${of}.${key}`) ?? [];
  return { values, value: (of, key) => values(of, key).at(-1) ?? null };
}

const unitMs: Readonly<Record<string, number>> = {
  us: 0.001,
  usec: 0.001,
  ms: 1,
  msec: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  "": 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

/** "5", "1min 30s", "infinity". Null for what is no time. */
export function parseTimeSpan(text: string): DurationMs | null {
  if (text === "infinity") return Infinity;
  if (!/^\s*(?:\d+(?:\.\d+)?\s*[a-z]*\s*)+$/.test(text)) return null;
  let sum = 0;
  for (const [, amount, unit = ""] of text.matchAll(/(\d+(?:\.\d+)?)\s*([a-z]*)/g)) {
    const factor = unitMs[unit];
    if (factor === undefined) return null;
    sum += Number(amount) * factor;
  }
  return sum;
}
