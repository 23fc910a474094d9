import { DAY, HOUR, type Ms } from "./time.ts";

/** From `from` up to, not including, `to`. */
export interface CalendarPeriod {
  readonly from: Ms;
  readonly to: Ms;
}

/** Which hour, day or month a moment lies in. Where days begin is a question of a time zone, so a calendar comes from outside. */
export type Calendar = (period: "hour" | "day" | "month", at: Ms) => CalendarPeriod;

/** The calendar of UTC: for whoever was given no zone. */
export const utcCalendar: Calendar = (period, at) => {
  if (period === "month") {
    const date = new Date(at);
    const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
    return { from: Date.UTC(year, month), to: Date.UTC(year, month + 1) };
  }
  const length = period === "hour" ? HOUR : DAY;
  const from = Math.floor(at / length) * length;
  return { from, to: from + length };
};
