// Sends reports: at a local time of day, about the day, week or month before, once to each channel. Every few seconds it asks which
// report of each kind was due last, and whether that one is settled. So nothing is missed when the server was down at the minute,
// the machine slept, or the clocks changed, and nothing older than the last due report is ever sent.
//
// Exactly once: the messages are written to the outbox under keys made of the report's name, and the same key is never written twice;
// then the report is marked as sent. A crash between the two repeats the first step without effect.

import { MINUTE, SECOND, upperFirst, type DurationMs, type Ms, type ReportPeriod } from "@midwatch/core";
import { message, type ReportView } from "@midwatch/protocol";
import type { OutboxDraft, Store } from "@midwatch/store";
import { Temporal } from "temporal-polyfill";
import type { Clock } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../log.ts";
import { clipBytes } from "../message-text.ts";
import { storeAdvice } from "../store-trouble.ts";
import type { Weekday } from "../alerts/windows.ts";
import type { Reporter } from "./index.ts";
import { localTimes } from "./local-times.ts";
import { addPeriods, periodNames, startOfPeriod } from "./report-span.ts";
import { isSettled, keepSent, keepUnsent, nameOf } from "./sent-reports.ts";
import { messageView } from "./view.ts";
import { summaryOf } from "./words.ts";

const everyMs: DurationMs = 5 * SECOND;
/** After a failure: making a report reads a lot, and a store in trouble needs no more of it. */
const afterFailureMs: DurationMs = MINUTE;
/** Of the text in a message; channels cut further as their receivers demand. */
const maxTextBytes = 256 * 1024;

/** When reports are sent, and to whom. */
export interface ReportPlan {
  /** Local time of day, "HH:MM". One that a clock change skips is the moment as long after the change; one that comes twice is the first. */
  readonly at: string;
  /** Names of the channels. */
  readonly to: readonly string[];
  /** Each day about the day before; true unless given. */
  readonly daily?: boolean;
  /** On this day of the week, about the last whole week; never unless given. */
  readonly weekly?: Weekday | null;
  /** On this day of the month, 1 to 28, about the month before; never unless given. */
  readonly monthly?: number | null;
}

export interface ReportScheduleDeps extends ReportPlan {
  readonly store: Pick<Store, "fact" | "claimFact" | "addOutbox">;
  readonly reporter: Reporter;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "info" | "error">;
  readonly timeZone: string;
  /** Where people reach this server; null when nobody knows. */
  readonly publicUrl: string | null;
  /** Called after messages were written. */
  readonly wakeDelivery: () => void;
}

export interface ReportSchedule {
  /** Sends the last due reports if they were not sent yet, now and whenever one becomes due. */
  start(): void;
  /** Looks once; resolves when what was due is in the outbox. Never rejects: trouble is logged once and tried again. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

/** Throws `ConfigError` when `at` is no time of day. */
export function createReportSchedule(deps: ReportScheduleDeps): ReportSchedule {
  const { clock, log, timeZone } = deps;
  const at = timeOfDay(deps.at);
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> | null = null;
  let stopped = false;
  let failing = false;
  /** The last of each kind known to be settled, so that a quiet look costs no read. */
  const settled = new Map<ReportPeriod, string>();

  async function lookNow(): Promise<void> {
    for (const due of reportsDue(clock.now(), { ...deps, at }, timeZone)) {
      const name = nameOf(due);
      if (settled.get(due.period) === name) continue;
      try {
        if (!(await isSettled(deps.store, name))) await send(due, deps);
        settled.set(due.period, name);
        if (failing) log.info({ report: name }, "the report could be made after all");
        failing = false;
      } catch (error) {
        if (!failing)
          log.error({ err: error, report: name }, `cannot make the report: ${storeAdvice(error)}; trying again`);
        failing = true;
      }
    }
  }

  function look(): Promise<void> {
    looking ??= lookNow().finally(() => {
      looking = null;
    });
    return looking;
  }

  function schedule(afterMs: DurationMs): void {
    if (stopped) return;
    timer = setTimeout(() => {
      void look().then(() => schedule(failing ? afterFailureMs : everyMs));
    }, afterMs).unref();
  }

  return {
    start: () => {
      if (timer === null) schedule(0);
    },
    look,
    stop: async () => {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      await looking;
    },
  };
}

interface DueReport {
  readonly period: ReportPeriod;
  /** The first local day that it tells of. */
  readonly date: string;
}

/** The report of each kind that was due last. */
export function reportsDue(
  now: Ms,
  plan: Pick<ReportPlan, "daily" | "weekly" | "monthly"> & { readonly at: Temporal.PlainTime },
  timeZone: string,
): readonly DueReport[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone).toPlainDate();
  const hasCome = (date: Temporal.PlainDate): boolean =>
    date.toZonedDateTime({ timeZone, plainTime: plan.at }).epochMilliseconds <= now;
  const about = (period: ReportPeriod, sentOn: Temporal.PlainDate): DueReport => {
    const first = addPeriods(period, startOfPeriod(period, sentOn), -1);
    return { period, date: first.toString() };
  };
  const lastDay = hasCome(today) ? today : today.subtract({ days: 1 });
  const due: DueReport[] = plan.daily === false ? [] : [about("day", lastDay)];
  if (plan.weekly) {
    due.push(about("week", lastDay.subtract({ days: (lastDay.dayOfWeek - plan.weekly + 7) % 7 })));
  }
  if (plan.monthly) {
    const inMonth = lastDay.with({ day: plan.monthly });
    due.push(
      about("month", Temporal.PlainDate.compare(inMonth, lastDay) <= 0 ? inMonth : inMonth.subtract({ months: 1 })),
    );
  }
  return due;
}

async function send(due: DueReport, deps: ReportScheduleDeps): Promise<void> {
  const { store, reporter, log, timeZone, publicUrl, to, wakeDelivery } = deps;
  const made = await reporter.make({ ...due, timeZone, agent: null });
  const name = nameOf(due);
  if (made.report.agents.length === 0) {
    await keepUnsent(store, name);
    return;
  }
  const view = reporter.view(made);
  const text = reporter.text(view);
  await store.addOutbox(draftReport(view, text, { to, publicUrl }));
  await keepSent(store, made.report, text);
  wakeDelivery();
  log.info({ report: name, to }, "a report goes out");
}

function draftReport(
  view: ReportView,
  text: string,
  { to, publicUrl }: Pick<ReportScheduleDeps, "to" | "publicUrl">,
): OutboxDraft[] {
  const { period, date } = view;
  const id = `report_${nameOf(view).replace(":", "_")}`;
  const about = period === "day" ? date : localTimes(view).period;
  const body = message({
    type: `report.${periodNames[period]}`,
    id,
    at: view.made_at,
    title: `${upperFirst(periodNames[period])} report for ${about}: ${summaryOf(view)}`,
    text: clipBytes(text, maxTextBytes),
    report: messageView(view),
    url: publicUrl && new URL(pageOf(view), publicUrl).href,
  });
  const at = Date.parse(view.made_at);
  return to.map((channel) => ({ key: `${id}:${channel}`, channel, agent: null, at, body: { ...body } }));
}

function pageOf({ period, date, time_zone: zone }: ReportView): string {
  return `/api/v1/reports/${periodNames[period]}?${new URLSearchParams({ date, tz: zone, format: "html" }).toString()}`;
}

function timeOfDay(text: string): Temporal.PlainTime {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return Temporal.PlainTime.from(text);
  throw new ConfigError(
    "bad_report_time",
    `report.at: "${text}" is no time of day; write it as "HH:MM", for example "08:00"`,
  );
}
