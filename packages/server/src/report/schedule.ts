// Sends the daily report: at a local time of day, about the day before, once to each channel. Every few seconds it asks which
// report was due last, and whether that one is settled. So nothing is missed when the server was down at the minute, the
// machine slept, or the clocks changed, and nothing older than the last due report is ever sent.
//
// Exactly once: the messages are written to the outbox under keys made of the date, and the same key is never written twice;
// then the report is marked as sent. A crash between the two repeats the first step without effect.

import { MINUTE, SECOND, type DurationMs, type Ms } from "@midwatch/core";
import { message } from "@midwatch/protocol";
import type { OutboxDraft, Store } from "@midwatch/store";
import { Temporal } from "temporal-polyfill";
import type { Clock } from "../clock.ts";
import { ConfigError } from "../errors.ts";
import type { Log } from "../log.ts";
import { clipBytes } from "../message-text.ts";
import { storeAdvice } from "../store-trouble.ts";
import { iso } from "../views/time.ts";
import { messageData } from "./data.ts";
import type { MadeReport, Reporter } from "./index.ts";
import { isSettled, keepSent, keepUnsent } from "./sent-reports.ts";
import { summaryOf } from "./words.ts";

const everyMs: DurationMs = 5 * SECOND;
/** After a failure: making a report reads a lot, and a store in trouble needs no more of it. */
const afterFailureMs: DurationMs = MINUTE;
/** Of the text in a message; channels cut further as their receivers demand. */
const maxTextBytes = 256 * 1024;

export interface ReportScheduleDeps {
  readonly store: Pick<Store, "fact" | "claimFact" | "addOutbox">;
  readonly reporter: Reporter;
  readonly clock: Pick<Clock, "now">;
  readonly log: Pick<Log, "info" | "error">;
  readonly timeZone: string;
  /** Local time of day, "HH:MM". One that a clock change skips is the moment as long after the change; one that comes twice is the first. */
  readonly at: string;
  /** Names of the channels. */
  readonly to: readonly string[];
  /** Called after messages were written. */
  readonly wakeDelivery: () => void;
}

export interface ReportSchedule {
  /** Sends the last due report if it was not sent yet, now and whenever one becomes due. */
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
  /** The last date known to be settled, so that a quiet look costs no read. */
  let settled: string | null = null;

  async function lookNow(): Promise<void> {
    const date = reportDue(clock.now(), at, timeZone);
    if (date === settled) return;
    try {
      if (!(await isSettled(deps.store, date))) await send(date, deps);
      settled = date;
      if (failing) log.info({ date }, "the daily report could be made after all");
      failing = false;
    } catch (error) {
      if (!failing)
        log.error({ err: error, date }, `cannot make the daily report: ${storeAdvice(error)}; trying again`);
      failing = true;
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

/** The local date that the report due last tells of: the day before the one on which `at` has come. */
export function reportDue(now: Ms, at: Temporal.PlainTime, timeZone: string): string {
  const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timeZone);
  const today = local.toPlainDate();
  const dueToday = today.toZonedDateTime({ timeZone, plainTime: at });
  return today.subtract({ days: dueToday.epochMilliseconds <= now ? 1 : 2 }).toString();
}

async function send(date: string, deps: ReportScheduleDeps): Promise<void> {
  const { store, reporter, log, timeZone, to, wakeDelivery } = deps;
  const made = await reporter.daily({ date, timeZone });
  if (made.report.agents.length === 0) {
    await keepUnsent(store, date);
    return;
  }
  const text = reporter.text(made);
  await store.addOutbox(draftReport(made, text, to));
  await keepSent(store, made.report, text);
  wakeDelivery();
  log.info({ date, to }, "the daily report goes out");
}

function draftReport({ report }: MadeReport, text: string, channels: readonly string[]): OutboxDraft[] {
  const id = `report_${report.date}`;
  const body = message({
    type: "report.daily",
    id,
    at: iso(report.madeAt),
    title: `Daily report for ${report.date}: ${summaryOf(report)}`,
    text: clipBytes(text, maxTextBytes),
    report: messageData(report),
  });
  return channels.map((channel) => ({
    key: `${id}:${channel}`,
    channel,
    agent: null,
    at: report.madeAt,
    body: { ...body },
  }));
}

function timeOfDay(text: string): Temporal.PlainTime {
  if (/^([01]\d|2[0-3]):[0-5]\d$/.test(text)) return Temporal.PlainTime.from(text);
  throw new ConfigError(
    "bad_report_time",
    `report.at: "${text}" is no time of day; write it as "HH:MM", for example "08:00"`,
  );
}
