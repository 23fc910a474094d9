import type { Ms } from "@midwatch/core";
import { Temporal } from "temporal-polyfill";

/** Spells moments as a reader in the report's zone would read them off a wall clock. */
export interface LocalTimes {
  /** "Tuesday, 24 November 2026" */
  readonly day: string;
  /** "03:12"; with the day when it is another one, with the offset on a day on which clocks change. */
  at(moment: Ms): string;
  /** "03:12–03:31"; "since 03:12" when it went on. */
  span(from: Ms, to: Ms | null): string;
  /** "24 Nov 2026, 08:00" */
  full(moment: Ms): string;
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

export function localTimes(day: {
  readonly date: string;
  readonly zone: string;
  readonly from: Ms;
  readonly to: Ms;
}): LocalTimes {
  const local = (moment: Ms) => Temporal.Instant.fromEpochMilliseconds(moment).toZonedDateTimeISO(day.zone);
  // On a day on which clocks change, 02:30 may be two moments or none. The offset tells which.
  const changes = local(day.from).offset !== local(day.to).offset;
  const clock = (moment: Ms): string => {
    const time = local(moment);
    return time.toPlainTime().toString({ smallestUnit: "minute" }) + (changes ? time.offset : "");
  };
  const short = (moment: Ms): string => {
    const time = local(moment);
    return `${time.day} ${months[time.month - 1] ?? ""}`;
  };
  const at = (moment: Ms): string => {
    const date = local(moment).toPlainDate().toString();
    return date === day.date ? clock(moment) : `${short(moment)} ${clock(moment)}`;
  };
  return {
    day: new Intl.DateTimeFormat("en-GB", { dateStyle: "full", timeZone: "UTC" }).format(
      new Date(`${day.date}T00:00:00Z`),
    ),
    at,
    span: (from, to) => {
      if (to === null) return `since ${at(from)}`;
      // The end of the day is 24:00 of it, not 00:00 of another.
      return `${at(from)}–${to === day.to ? "24:00" : at(to)}`;
    },
    full: (moment) => `${short(moment)} ${local(moment).year}, ${clock(moment)}`,
  };
}
