import type { WebhookBody } from "@midwatch/protocol";
import { plainSummary, summarize, type SummarySize } from "../../message-summary.ts";
import type { MailBody } from "../channel.ts";
import { mailHtml } from "./mail-html.ts";
import { sentAt } from "./mail-words.ts";

/** What is looked at. Gmail cuts off what comes after 102 KB; this stays below half of it with anything in it. */
const htmlSize: SummarySize = { lineBytes: 300, textBytes: 12_000, facts: 12, logLines: 20, members: 50 };
/** What is searched, quoted and read without pictures: all there is. */
const textSize: SummarySize = { lineBytes: 1_000, textBytes: 100_000, facts: 12, logLines: 20, members: 5_000 };

/** A message as a mail of its own: the same told twice, in plain text and to be looked at. */
export function mailBody(message: WebhookBody): MailBody & { readonly subject: string } {
  const short = summarize(message, htmlSize);
  const whole = summarize(message, textSize);
  // "-- " on a line of its own is where a mail's signature begins.
  const text = [whole.headline, plainSummary(whole), `-- \nMidwatch, ${sentAt(message)}`];
  return {
    subject: short.headline,
    text: `${text.filter((part) => part !== "").join("\n\n")}\n`,
    html: mailHtml(message, short),
    pictures: [],
  };
}
