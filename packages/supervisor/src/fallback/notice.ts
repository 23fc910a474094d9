import type { IncidentKind, Ms, Severity } from "@midwatch/core";

/** A notification that this supervisor may have to deliver itself. */
export interface Notice {
  /** The same for every try, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly agent: string;
  readonly what: "opened" | "raised" | "resolved";
  readonly kind: IncidentKind;
  readonly severity: Severity;
  readonly at: Ms;
  readonly title: string;
  readonly text: string;
  /** The number in the spool of the fact behind it: once the server has that, the server notifies. Null without a server. */
  readonly fact: number | null;
}

/** The supervisor's own way to a person. Rejects when the message did not arrive; it is then tried again. */
export interface Notifier {
  notify(notice: Notice): Promise<void>;
}

/** One clear line per notification, on standard error. */
export const stderrNotifier: Notifier = {
  notify({ agent, severity, at, title, text }) {
    process.stderr.write(`${new Date(at).toISOString()} ${severity} ${agent}: ${title}. ${text}\n`);
    return Promise.resolve();
  },
};
