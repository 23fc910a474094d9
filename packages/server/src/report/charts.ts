// What is drawn, before it is SVG or PNG: columns, each one day or hour, with the numbers said in words beside it. A picture says
// nothing that the words do not say.

import { DAY, spellCount, spellDuration } from "@midwatch/core";
import type { PatternView, ReportView } from "@midwatch/protocol";
import { Temporal } from "temporal-polyfill";
import { spellDay } from "./local-times.ts";
import { spellPercent } from "./spell-amounts.ts";
import { spellMoney } from "./cost-words.ts";

export interface Chart {
  readonly title: string;
  /** What it shows, in words; also the text alternative. */
  readonly caption: string;
  readonly columns: readonly Column[];
}

export interface Column {
  /** "24 Nov" */
  readonly label: string;
  /** "1,204,551 tokens, $3.20" */
  readonly words: string;
  /** Parts from the bottom up, as shares of the height. */
  readonly parts: readonly { readonly share: number; readonly tone: Tone }[];
}

/** `plain` is usage; `now` the part the report is about; `good` and `bad` are up and down. */
export type Tone = "plain" | "now" | "good" | "bad";

export function fleetCharts(report: ReportView): readonly Chart[] {
  const { fleet, period } = report;
  return [trendChart(report), period === "day" ? null : availabilityChart(fleet.days)].filter(
    (chart) => chart !== null,
  );
}

function trendChart({ fleet, date, last_date: last }: ReportView): Chart | null {
  const most = Math.max(0, ...fleet.trend.map(({ usage }) => usage.tokens));
  if (most === 0) return null;
  const peak = fleet.trend.find(({ usage }) => usage.tokens === most);
  const about = fleet.trend.every(({ date: day }) => day >= date && day <= last)
    ? ""
    : "; dark is what this report is about";
  return {
    title: `Tokens a day, the last ${fleet.trend.length} days`,
    caption: `most on ${spellDay(peak?.date ?? date)}: ${spellCount(most)} tokens, ${spellMoney(peak?.usage.cost_usd ?? null)}${about}`,
    columns: fleet.trend.map(({ date: day, usage }) => ({
      label: spellDay(day),
      words: usage.tokens === 0 ? "no tokens" : `${spellCount(usage.tokens)} tokens, ${spellMoney(usage.cost_usd)}`,
      parts: [{ share: usage.tokens / most, tone: day >= date && day <= last ? "now" : "plain" }],
    })),
  };
}

function availabilityChart(days: ReportView["fleet"]["days"]): Chart | null {
  const counted = days.filter((day) => day.up_s + day.down_s > 0);
  if (counted.every((day) => day.down_s === 0)) return null;
  const worst = counted.toSorted((a, b) => b.down_s / (b.up_s + b.down_s) - a.down_s / (a.up_s + a.down_s))[0];
  return {
    title: "Up and down, by day",
    caption:
      worst === undefined
        ? "nothing ran"
        : `worst on ${spellDay(worst.date)}: up ${spellPercent(worst.up_s / (worst.up_s + worst.down_s))} of the time that counts`,
    columns: days.map(({ date, up_s: up, down_s: down }) => {
      const share = up + down === 0 ? null : up / (up + down);
      return {
        label: spellDay(date),
        words: share === null ? "nothing ran" : `up ${spellPercent(share)}`,
        parts:
          share === null
            ? []
            : [
                { share, tone: "good" as const },
                { share: 1 - share, tone: "bad" as const },
              ],
      };
    }),
  };
}

/** What a pattern was seen in; null where there is nothing to draw. */
export function patternChart(agent: string, { series, unit }: PatternView, timeZone: string): Chart | null {
  const most = Math.max(0, ...series.map(({ value }) => value));
  const [first, last] = [series[0], series.at(-1)];
  if (most === 0 || !first || !last || unit === null) return null;
  const isDaily = Date.parse(last.at) - Date.parse(first.at) >= (series.length - 1) * DAY;
  const labelOf = (at: string): string => {
    const local = Temporal.Instant.from(at).toZonedDateTimeISO(timeZone);
    const day = spellDay(local.toPlainDate().toString());
    return isDaily ? day : `${day} ${local.toPlainTime().toString({ smallestUnit: "minute" })}`;
  };
  const name = { tokens: "tokens per cycle", ms: "length of a cycle", bytes: "memory" }[unit];
  return {
    title: `${agent}: ${name}`,
    caption: `from ${spellValue(first.value, unit)} on ${labelOf(first.at)} to ${spellValue(last.value, unit)} on ${labelOf(last.at)}`,
    columns: series.map(({ at, value }) => ({
      label: labelOf(at),
      words: spellValue(value, unit),
      parts: [{ share: value / most, tone: "plain" }],
    })),
  };
}

function spellValue(value: number, unit: NonNullable<PatternView["unit"]>): string {
  switch (unit) {
    case "tokens":
      return `${spellCount(value)} tokens`;
    case "ms":
      return spellDuration(value);
    case "bytes":
      return `${spellCount(value / 1e6)} MB`;
  }
}
