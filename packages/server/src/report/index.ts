import { makeReport, type Report } from "@midwatch/core";
import type { ReportView } from "@midwatch/protocol";
import type { Store } from "@midwatch/store";
import type { Clock } from "../clock.ts";
import { ApiError } from "../errors.ts";
import type { SettingsOf } from "../settings.ts";
import { gatherFacts } from "./gather-facts.ts";
import { reportHtml } from "./html.ts";
import { reportMarkdown } from "./markdown.ts";
import { reportSpan, type ReportQuery, type ReportSpan } from "./report-span.ts";
import { findSent } from "./sent-reports.ts";
import { reportText } from "./text.ts";
import { reportView } from "./view.ts";

export { periodNames, type ReportQuery } from "./report-span.ts";

/** A report, and what was sent about the same time. */
export interface MadeReport {
  readonly report: Report;
  /** The only agent it is about; null when it is about all. */
  readonly agent: string | null;
  readonly sent: SentReport | null;
  /** Facts that arrived after it was sent have changed what it says. */
  readonly revised: boolean;
}

export interface SentReport {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly text: string;
}

/** Makes reports. The same one can be asked for as data, as text for a terminal, as Markdown, and as one HTML document. */
export interface Reporter {
  /**
   * Rejects with `ApiError` 422 when the date is none, has not begun, or the zone is unknown; the field is named
   * (`date`, `tz`); with 404 when there is no such agent. Rejects with `StoreError` when the store does.
   */
  make(query: ReportQuery): Promise<MadeReport>;
  /** JSON for the API and for webhooks. */
  view(made: MadeReport): ReportView;
  /** Lines of at most about 100 columns, without colours or control characters; no line break at the end. */
  text(view: ReportView): string;
  markdown(view: ReportView): string;
  /** A whole document with its style inside and no script. Serve it with `reportSecurityPolicy`. */
  html(view: ReportView): string;
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

/** Makes one report at a time, and one for all who ask for the same meanwhile: a report reads a lot. */
export function createReporter({ store, clock, settingsOf, timeZone }: ReporterDeps): Reporter {
  const underWay = new Map<string, Promise<MadeReport>>();
  let last: Promise<unknown> = Promise.resolve();

  async function make(span: ReportSpan, agent: string | null): Promise<MadeReport> {
    const facts = await gatherFacts(span, clock.now(), { store, settingsOf, only: agent });
    if (agent !== null && facts.agents.length === 0) {
      throw new ApiError(404, "unknown_agent", "no agent of this name was known then; `midwatch status` lists them");
    }
    const report = makeReport(facts);
    // What is sent is about all.
    const sent = agent === null ? await findSent(store, report) : { sent: null, revised: false };
    return { report, agent, ...sent };
  }

  return {
    make: async (query) => {
      const span = reportSpan(query, { now: clock.now(), timeZone });
      const key = JSON.stringify([span.period, span.date, span.zone, query.agent]);
      const shared = underWay.get(key);
      if (shared) return shared;
      if (underWay.size >= maxWaiting) {
        const message = "too many different reports are being made; try again in a moment";
        throw new ApiError(503, "overloaded", message, { retryAfterS: 5 });
      }
      const making = last.then(() => make(span, query.agent)).finally(() => underWay.delete(key));
      underWay.set(key, making);
      last = making.catch(() => {
        // Whoever asked for it hears of it; the next report does not depend on it.
      });
      return making;
    },
    view: reportView,
    text: reportText,
    markdown: reportMarkdown,
    html: reportHtml,
  };
}
