import type { WebhookBody } from "@midwatch/protocol";
import {
  firstThatFits,
  plainSummary,
  summaryLines,
  type MessageSummary,
  type SummaryLink,
} from "../../message-summary.ts";
import { emoji } from "../../message-text.ts";

/** Telegram counts characters of what is shown, not of the markup. */
const maxShown = 4_096;

/** What both `sendMessage` and `editMessageText` take. */
export interface TelegramText {
  readonly text: string;
  readonly parse_mode?: "HTML";
  readonly link_preview_options: { readonly is_disabled: true };
  readonly reply_markup?: { readonly inline_keyboard: readonly (readonly Button[])[] };
}

interface Button {
  readonly text: string;
  readonly url: string;
}

/** The message with bold words, a log in its frame and buttons. */
export function renderTelegram(message: WebhookBody): TelegramText {
  return firstThatFits(
    message,
    (summary) => {
      const buttons = summary.links.filter(isButton);
      return {
        text: html(emoji(message), summary),
        parse_mode: "HTML",
        link_preview_options: { is_disabled: true },
        ...(buttons.length === 0 ? {} : { reply_markup: { inline_keyboard: rows(buttons) } }),
      };
    },
    ({ text }) => shownLength(text) <= maxShown,
  );
}

/** The same without anything Telegram could refuse: no markup, no buttons. */
export function renderTelegramPlain(message: WebhookBody): TelegramText {
  return firstThatFits(
    message,
    (summary) => ({
      text: breakMentions(`${emoji(message)} ${summary.headline}\n${plainSummary(summary)}`.trim()),
      link_preview_options: { is_disabled: true },
    }),
    ({ text }) => text.length <= maxShown,
  );
}

function html(mark: string, summary: MessageSummary): string {
  const { members } = summaryLines(summary);
  const { text, isTable, facts, log } = summary;
  const links = summary.links.filter((link) => !isButton(link));
  const head = [`${mark} <b>${escape(summary.headline)}</b>`];
  if (text !== "") head.push(isTable ? `<pre>${escape(text)}</pre>` : escape(text));
  return [
    head.join("\n"),
    facts.map(({ label, value }) => `${escape(label)}: <b>${escape(value)}</b>`).join("\n"),
    log.length === 0 ? "" : `<pre>${escape(log.join("\n"))}</pre>`,
    members.map(escape).join("\n"),
    links.map(({ label, url }) => `${escape(label)}: ${escape(url)}`).join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

/**
 * Telegram refuses a whole message for one button whose host is no public name, such as "localhost" or "midwatch:4004". Such a
 * link stands in the text.
 */
function isButton({ url }: SummaryLink): boolean {
  return URL.canParse(url) && /\.[a-z][a-z0-9-]+$/i.test(new URL(url).hostname);
}

/** Two beside each other, as wide as a phone takes. */
function rows(links: readonly SummaryLink[]): readonly (readonly Button[])[] {
  const buttons = links.map(({ label, url }) => ({ text: label || "Open", url }));
  return buttons.flatMap((_, at) => (at % 2 === 0 ? [buttons.slice(at, at + 2)] : []));
}

function escape(text: string): string {
  return breakMentions(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** `@name` anywhere in a text calls that person; a joiner without width after the sign keeps its look and ends that. */
function breakMentions(text: string): string {
  return text.replaceAll(/(?<!\w)@(?=\w)/g, "@\u2060");
}

/** Holds for what is written here, where every "<" begins a tag and every "&" an entity. */
function shownLength(markup: string): number {
  return markup.replaceAll(/<[^>]*>/g, "").replaceAll(/&\w+;/g, "&").length;
}
