import type { DailyReport } from "@midwatch/core";
import type { DailyReportView } from "@midwatch/protocol";

export interface ReportQuery {
  /** A local day, "YYYY-MM-DD", or "today" or "yesterday"; null is yesterday, the last whole day, which the morning's report tells of. */
  readonly date: string | null;
  /** IANA name; null is the server's zone. */
  readonly timeZone: string | null;
}

/** A report, and what was sent about the same day. */
export interface MadeReport {
  readonly report: DailyReport;
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
  data(made: MadeReport): DailyReportView;
  /** Lines of at most about 100 columns, without colours or control characters; no line break at the end. */
  text(made: MadeReport): string;
  /** A whole document with its style inside and no script. Serve it with `reportSecurityPolicy`. */
  html(made: MadeReport): string;
}

/** The Content-Security-Policy of the HTML report: nothing is fetched and nothing runs. */
export const reportSecurityPolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";
