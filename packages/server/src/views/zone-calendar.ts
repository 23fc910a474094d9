import { HOUR, type Calendar, type CalendarPeriod } from "@midwatch/core";
import { Temporal } from "temporal-polyfill";

/** The calendar of a named time zone, for budgets. A day there may have 23 or 25 hours; hours are those of UTC. */
export function zoneCalendar(timeZone: string): Calendar {
  // Every beat that spends asks for the month; a calendar takes ten microseconds, and the answer holds for weeks.
  const known: Record<"day" | "month", CalendarPeriod> = { day: { from: 0, to: 0 }, month: { from: 0, to: 0 } };
  return (period, at) => {
    if (period === "hour") {
      const from = at - (at % HOUR);
      return { from, to: from + HOUR };
    }
    const last = known[period];
    if (at >= last.from && at < last.to) return last;
    const local = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
    const begin = (period === "day" ? local : local.with({ day: 1 })).startOfDay();
    const end = begin.add(period === "day" ? { days: 1 } : { months: 1 }).startOfDay();
    known[period] = { from: begin.epochMilliseconds, to: end.epochMilliseconds };
    return known[period];
  };
}
