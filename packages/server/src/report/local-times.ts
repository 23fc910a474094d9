import type { Iso, ReportView } from "@midwatch/protocol";
import { Temporal } from "temporal-polyfill";

/** Spells moments as a reader in the report's zone would read them off a wall clock. */
export interface LocalTimes {
  /** "Tuesday, 24 November 2026", "23–29 November 2026", "November 2026" */
  readonly period: string;
  /** "03:12"; with the day when it is not the only one, with the offset on a day on which clocks change. */
  at(moment: Iso): string;
  /** "03:12–03:31"; "since 03:12" when it went on. */
  span(from: Iso, to: Iso | null): string;
  /** "24 Nov 2026, 08:00" */
  full(moment: Iso): string;
}

export function localTimes(report: ReportView): LocalTimes {
  const local = (moment: Iso) => Temporal.Instant.from(moment).toZonedDateTimeISO(report.time_zone);
  const only = report.date === report.last_date ? report.date : null;
  const clock = (moment: Iso): string => {
    const time = local(moment);
    const midnight = time.startOfDay();
    // On a day on which clocks change, 02:30 may be two moments or none. The offset tells which.
    const changes = midnight.offset !== midnight.add({ days: 1 }).offset;
    return time.toPlainTime().toString({ smallestUnit: "minute" }) + (changes ? time.offset : "");
  };
  const short = (moment: Iso): string => spellDay(local(moment).toPlainDate().toString());
  const at = (moment: Iso): string => {
    const isOnly = local(moment).toPlainDate().toString() === only;
    return isOnly ? clock(moment) : `${short(moment)} ${clock(moment)}`;
  };
  return {
    period: spellPeriod(report),
    at,
    span: (from, to) => {
      if (to === null) return `since ${at(from)}`;
      // The end of the last day is 24:00 of it, not 00:00 of another.
      if (to === report.to) return `${at(from)}–${only === null ? `${spellDay(report.last_date)} ` : ""}24:00`;
      if (at(from) === at(to)) return at(from);
      const sameDay = local(from).toPlainDate().equals(local(to).toPlainDate());
      return `${at(from)}–${sameDay ? clock(to) : at(to)}`;
    },
    full: (moment) => `${short(moment)} ${local(moment).year}, ${clock(moment)}`,
  };
}

/** "2026-11-24" as "24 Nov". */
export function spellDay(date: string): string {
  return format(date, { day: "numeric", month: "short" });
}

function spellPeriod({ period, date, last_date: last }: ReportView): string {
  switch (period) {
    case "day":
      return format(date, { dateStyle: "full" });
    case "week": {
      const end = format(last, { day: "numeric", month: "long", year: "numeric" });
      return date.slice(0, 7) === last.slice(0, 7)
        ? `${Number(date.slice(8))}–${end}`
        : `${format(date, { day: "numeric", month: "long" })} – ${end}`;
    }
    case "month":
      return format(date, { month: "long", year: "numeric" });
  }
}

/** Making one takes far longer than using it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(date: string, options: Intl.DateTimeFormatOptions): string {
  const key = JSON.stringify(options);
  const formatter = formatters.get(key) ?? new Intl.DateTimeFormat("en-GB", { ...options, timeZone: "UTC" });
  formatters.set(key, formatter);
  const spelled = formatter.format(new Date(`${date}T00:00:00Z`));
  // Of twelve months this one alone gets four letters.
  return options.month === "short" ? spelled.replace("Sept", "Sep") : spelled;
}
