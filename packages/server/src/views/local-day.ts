import type { Ms } from "@midwatch/core";
import { Temporal } from "temporal-polyfill";

/** When the local day of `at` began in a named time zone; a day may have 23 or 25 hours. */
export function startOfDay(at: Ms, timeZone: string): Ms {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone).startOfDay().epochMilliseconds;
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // The constructor throws a RangeError for a name it does not know, which is the whole question.
    return false;
  }
}

/** A calendar date that exists, as YYYY-MM-DD. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}
