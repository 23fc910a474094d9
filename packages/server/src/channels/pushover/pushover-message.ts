import { createHash } from "node:crypto";
import type { WebhookBody } from "@midwatch/protocol";
import { firstThatFits, plainSummary, type MessageSummary } from "../../message-summary.ts";
import { clipText, emoji, wakesSomeone } from "../../message-text.ts";
import { threadKey } from "../../message-thread.ts";

/** Pushover's limits, in characters. A link and its label are within theirs in every summary. */
const maxTitle = 250;
const maxText = 1_024;

/** Rings every minute until somebody says that they saw it, and no longer than an hour. */
const emergency = { priority: "2", retry: "60", expire: "3600" } as const;

/** The fields of the form that is posted. */
export interface PushoverMessage {
  readonly title: string;
  readonly message: string;
  readonly [field: string]: string;
}

export function renderPushover(message: WebhookBody): PushoverMessage {
  const { summary, text, own, others } = firstThatFits(message, wordsOf, (words) => words.text.length <= maxText);
  return {
    title: clipText(`${emoji(message)} ${summary.headline}`, maxTitle),
    message: text.length <= maxText ? text : withFewerLinks(summary, others),
    ...(own === undefined ? {} : { url: own.url, url_title: own.label }),
    timestamp: String(Math.floor(Date.parse(message.at) / 1_000)),
    ...(wakesSomeone(message) ? { ...emergency, tags: pushoverTag(message) } : { priority: quietPriority(message) }),
    // What an agent wrote is no markup.
    html: "0",
  };
}

/** The name under which the emergencies of one incident are called off. */
export function pushoverTag(message: WebhookBody): string {
  return `midwatch-${createHash("sha256").update(threadKey(message)).digest("hex").slice(0, 24)}`;
}

/** One link has a place of its own; the others stand in the text, where a phone makes links of them. */
function wordsOf(summary: MessageSummary) {
  const own = summary.links.find(({ action }) => action === null) ?? summary.links[0];
  const others = summary.links.filter((link) => link !== own);
  return { summary, own, others, text: textOf(summary, others) };
}

function textOf(summary: MessageSummary, links: MessageSummary["links"]): string {
  const text = plainSummary({ ...summary, links });
  // Pushover refuses a message without words.
  return text === "" ? summary.headline : text;
}

/** Beside very long links not even the shortest text fits. One that is cut leads nowhere, so the last ones are left out. */
function withFewerLinks(summary: MessageSummary, links: MessageSummary["links"]): string {
  const tried = links.map((_, at) => textOf(summary, links.slice(0, at)));
  return tried.findLast((text) => text.length <= maxText) ?? clipText(summary.text, maxText);
}

/** 0 rings as the phone is set, -1 makes no sound. */
function quietPriority({ type, severity }: WebhookBody): "0" | "-1" {
  const isIncident = type.startsWith("incident.") && (severity === "page" || severity === "warn");
  return isIncident || type === "test" ? "0" : "-1";
}
