import type { DaySpan, HourFacts } from "./facts.ts";

/** The hours of each day. Days and hours in order; one pass, since a month of a fleet has a hundred thousand hours. */
export function splitByDay(days: readonly DaySpan[], hours: readonly HourFacts[]): readonly (readonly HourFacts[])[] {
  let next = 0;
  return days.map(({ from, to }) => {
    while (next < hours.length && (hours[next]?.hour ?? 0) < from) next += 1;
    const start = next;
    while (next < hours.length && (hours[next]?.hour ?? 0) < to) next += 1;
    return hours.slice(start, next);
  });
}
