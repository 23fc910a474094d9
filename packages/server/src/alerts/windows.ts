// Times of day in a named zone: quiet hours and maintenance. A window may cross midnight; on days on which clocks change it
// begins and ends when a wall clock says so, and where that time does not exist, as long after the change.

import type { Ms } from "@midwatch/core";
import { Temporal } from "temporal-polyfill";

/** 1 is Monday, 7 is Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface DayWindow {
  /** Local times, "HH:MM". The same twice is a whole day. */
  readonly from: string;
  readonly to: string;
  /** On which it begins; every day unless given. */
  readonly days?: readonly Weekday[];
}

/** The end of the window that `now` lies in; null outside of it. */
export function windowEnd(window: DayWindow, now: Ms, timeZone: string): Ms | null {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate();
  const ends = [today.subtract({ days: 1 }), today].flatMap((date) => {
    if (window.days !== undefined && !window.days.some((day) => day === date.dayOfWeek)) return [];
    const from = momentOf(date, window.from, timeZone);
    const to = momentOf(window.to > window.from ? date : date.add({ days: 1 }), window.to, timeZone);
    return from <= now && now < to ? [to] : [];
  });
  return ends.length === 0 ? null : Math.max(...ends);
}

/** A local date and time, "2026-12-01T02:00", as a moment. Throws a RangeError for one that is none. */
export function localMoment(text: string, timeZone: string): Ms {
  return Temporal.PlainDateTime.from(text).toZonedDateTime(timeZone).epochMilliseconds;
}

function momentOf(date: Temporal.PlainDate, time: string, timeZone: string): Ms {
  return date.toZonedDateTime({ timeZone, plainTime: Temporal.PlainTime.from(time) }).epochMilliseconds;
}
