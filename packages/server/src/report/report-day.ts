import type { Ms } from "@midwatch/core";
import { Temporal } from "temporal-polyfill";
import { ApiError } from "../errors.ts";
import { isDate, isTimeZone } from "../views/local-day.ts";

/** One local day, and the seven before it that it is compared with. A day may have 23 or 25 hours. */
export interface ReportDay {
  readonly date: string;
  readonly zone: string;
  readonly from: Ms;
  readonly to: Ms;
  readonly weekFrom: Ms;
}

/** The day that is asked for; throws `ApiError` 422 when there is no such day or zone, or when it has not begun. */
export function reportDay(
  query: { readonly date: string | null; readonly timeZone: string | null },
  given: { readonly now: Ms; readonly timeZone: string },
): ReportDay {
  const zone = query.timeZone ?? given.timeZone;
  if (!isTimeZone(zone))
    throw invalid("tz", `there is no time zone "${clip(zone)}"; use an IANA name like Europe/Berlin`);
  const day = dayIn(zone, dateAsked(query.date, given.now, zone));
  if (day.from <= given.now) return day;
  throw invalid("date", `${day.date} has not begun in ${zone}; there is nothing to report yet`);
}

function dayIn(zone: string, date: Temporal.PlainDate): ReportDay {
  const startOf = (days: number): Ms => date.add({ days }).toZonedDateTime(zone).epochMilliseconds;
  return { date: date.toString(), zone, from: startOf(0), to: startOf(1), weekFrom: startOf(-7) };
}

function dateAsked(date: string | null, now: Ms, zone: string): Temporal.PlainDate {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate();
  if (date === "today") return today;
  if (date === null || date === "yesterday") return today.subtract({ days: 1 });
  if (isDate(date)) return Temporal.PlainDate.from(date);
  throw invalid("date", `"${clip(date)}" is no date; use YYYY-MM-DD, today or yesterday`);
}

/** It comes back in an error, whatever it is. */
function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function invalid(path: string, message: string): ApiError {
  return new ApiError(422, "invalid_field", `${path}: ${message}`, { details: [{ path, message }] });
}
