import { slowDayCount, type DaySpan, type Ms, type ReportPeriod } from "@midwatch/core";
import { Temporal } from "temporal-polyfill";
import { ApiError } from "../errors.ts";
import { isDate, isTimeZone } from "../views/local-day.ts";

export interface ReportQuery {
  readonly period: ReportPeriod;
  /**
   * A local day of it, "YYYY-MM-DD" (for a month "YYYY-MM", too), "today" or "yesterday"; null is the last one that is over.
   */
  readonly date: string | null;
  /** IANA name; null is the server's zone. */
  readonly timeZone: string | null;
  /** The only agent to tell of; null is all. */
  readonly agent: string | null;
}

/** What the report of a period is called: in addresses, in the types of messages and, capitalised, in headings. */
export const periodNames = { day: "daily", week: "weekly", month: "monthly" } as const satisfies Record<
  ReportPeriod,
  string
>;

/** A local day, week or month, and what is looked at beside it. */
export interface ReportSpan {
  readonly period: ReportPeriod;
  /** Its first day. */
  readonly date: string;
  readonly zone: string;
  readonly from: Ms;
  readonly to: Ms;
  readonly days: readonly DaySpan[];
  /** The whole days in which slow patterns are looked for. */
  readonly slowDays: readonly DaySpan[];
  /** Its cost is compared with so many days before it. */
  readonly beforeDays: number;
  readonly beforeFrom: Ms;
}

/** Enough days to even out a weekend; for a month, as many as it may have. */
const beforeDays: Readonly<Record<ReportPeriod, number>> = { day: 7, week: 28, month: 31 };

/** What is asked for; throws `ApiError` 422 when there is no such day or zone, or when it has not begun. */
export function reportSpan(query: ReportQuery, given: { readonly now: Ms; readonly timeZone: string }): ReportSpan {
  const zone = query.timeZone ?? given.timeZone;
  if (!isTimeZone(zone))
    throw invalid("tz", `there is no time zone "${clip(zone)}"; use an IANA name like Europe/Berlin`);
  const today = Temporal.Instant.fromEpochMilliseconds(given.now).toZonedDateTimeISO(zone).toPlainDate();
  const first = firstDay(query, today);
  const span = spanFrom(query.period, first, { zone, now: given.now });
  if (span.from <= given.now) return span;
  throw invalid("date", `${span.date} has not begun in ${zone}; there is nothing to report yet`);
}

/** The first day of the period that this day is in. */
export function startOfPeriod(period: ReportPeriod, date: Temporal.PlainDate): Temporal.PlainDate {
  if (period === "day") return date;
  return period === "week" ? date.subtract({ days: date.dayOfWeek - 1 }) : date.with({ day: 1 });
}

export function addPeriods(period: ReportPeriod, first: Temporal.PlainDate, count: number): Temporal.PlainDate {
  return first.add({ [`${period}s`]: count });
}

function spanFrom(
  period: ReportPeriod,
  first: Temporal.PlainDate,
  { zone, now }: { readonly zone: string; readonly now: Ms },
): ReportSpan {
  const startOf = (date: Temporal.PlainDate): Ms => date.toZonedDateTime(zone).epochMilliseconds;
  const daysFrom = (date: Temporal.PlainDate, count: number): readonly DaySpan[] =>
    Array.from({ length: count }, (_, index) => {
      const day = date.add({ days: index });
      return { date: day.toString(), from: startOf(day), to: startOf(day.add({ days: 1 })) };
    });
  const after = addPeriods(period, first, 1);
  const days = daysFrom(first, first.until(after, { largestUnit: "days" }).days);
  // A day that is not over would look like a change.
  const slowDays = daysFrom(after.subtract({ days: slowDayCount }), slowDayCount).filter(({ to }) => to <= now);
  return {
    period,
    date: first.toString(),
    zone,
    from: startOf(first),
    to: startOf(after),
    days,
    slowDays,
    beforeDays: beforeDays[period],
    beforeFrom: startOf(first.subtract({ days: beforeDays[period] })),
  };
}

function firstDay({ period, date }: ReportQuery, today: Temporal.PlainDate): Temporal.PlainDate {
  if (date === null) return addPeriods(period, startOfPeriod(period, today), -1);
  if (date === "today") return startOfPeriod(period, today);
  if (date === "yesterday") return startOfPeriod(period, today.subtract({ days: 1 }));
  const whole = period === "month" && /^\d{4}-\d{2}$/.test(date) ? `${date}-01` : date;
  if (isDate(whole)) return startOfPeriod(period, Temporal.PlainDate.from(whole));
  const shapes = period === "month" ? "YYYY-MM, YYYY-MM-DD" : "YYYY-MM-DD";
  throw invalid("date", `"${clip(date)}" is no date; use ${shapes}, today or yesterday`);
}

/** It comes back in an error, whatever it is. */
function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function invalid(path: string, message: string): ApiError {
  return new ApiError(422, "invalid_field", `${path}: ${message}`, { details: [{ path, message }] });
}
