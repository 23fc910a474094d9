import { makeReport, type Report } from "@midwatch/core";
import type { ReportView } from "@midwatch/protocol";
import type { Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import { ApiError } from "../errors.ts";
import type { SettingsOf } from "../settings.ts";
import { reportData } from "./data.ts";
import { gatherFacts } from "./gather-facts.ts";
import { reportHtml } from "./html.ts";
import { reportDay, type ReportDay } from "./report-day.ts";
import { findSent } from "./sent-reports.ts";
import { reportText } from "./text.ts";

export interface ReportQuery {
  /** A local day, "YYYY-MM-DD", or "today" or "yesterday"; null is yesterday, the last whole day, which the morning's report tells of. */
  readonly date: string | null;
  /** IANA name; null is the server's zone. */
  readonly timeZone: string | null;
}

/** A report, and what was sent about the same day. */
export interface MadeReport {
  readonly report: Report;
  readonly sent: SentReport | null;
  /** Facts that arrived after it was sent have changed what it says of the day. */
  readonly revised: boolean;
}

export interface SentReport {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** Makes daily reports. The same report can be asked for as data, as text for a terminal, and as one HTML document. */
export interface Reporter {
  /**
   * Rejects with `ApiError` 422 when the date is none, has not begun, or the zone is unknown; the field is named
   * (`date`, `tz`). Rejects with `StoreError` when the store does.
   */
  daily(query: ReportQuery): Promise<MadeReport>;
  /** JSON for the API and for webhooks. */
  data(made: MadeReport): ReportView;
  /** Lines of at most about 100 columns, without colours or control characters; no line break at the end. */
  text(made: MadeReport): string;
  /** A whole document with its style inside and no script. Serve it with `reportSecurityPolicy`. */
  html(made: MadeReport): string;
}

/** The Content-Security-Policy of the HTML report: nothing is fetched and nothing runs. */
export const reportSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

export interface ReporterDeps {
  readonly store: Store;
  readonly clock: Pick<Clock, "now">;
  readonly settingsOf: SettingsOf;
  /** The server's zone, used where a query names none. */
  readonly timeZone: string;
}

/** Reports that may wait for the one that is being made. */
const maxWaiting = 20;

/** Makes one report at a time, and one for all who ask for the same day meanwhile: a report reads a lot. */
export function createReporter({ store, clock, settingsOf, timeZone }: ReporterDeps): Reporter {
  const underWay = new Map<string, Promise<MadeReport>>();
  let last: Promise<unknown> = Promise.resolve();

  async function make(day: ReportDay): Promise<MadeReport> {
    const report = makeReport(await gatherFacts(day, clock.now(), { store, settingsOf }));
    return { report, ...(await findSent(store, report)) };
  }

  return {
    daily: async (query) => {
      const day = reportDay(query, { now: clock.now(), timeZone });
      const key = `${day.date} ${day.zone}`;
      const shared = underWay.get(key);
      if (shared) return shared;
      if (underWay.size >= maxWaiting) {
        const message = "too many different reports are being made; try again in a moment";
        throw new ApiError(503, "overloaded", message, { retryAfterS: 5 });
      }
      const making = last.then(() => make(day)).finally(() => underWay.delete(key));
      underWay.set(key, making);
      last = making.catch(() => {
        // Whoever asked for it hears of it; the next report does not depend on it.
      });
      return making;
    },
    data: reportData,
    text: reportText,
    html: reportHtml,
  };
}
