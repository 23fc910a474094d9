import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings } from "../channel.ts";
import { readConfig } from "../channel-config.ts";
import { firstThatFits, plainSummary, type SummaryLink } from "../../message-summary.ts";
import { clipBytes, headline, shortcode } from "../../message-text.ts";
import { createPoster } from "../outgoing/post.ts";

/** ntfy turns anything over 4,096 bytes into an attachment, which a locked phone does not show. */
const maxMessageBytes = 4_000;
const maxTitleBytes = 250;
/** More buttons than this refuse the whole message. */
const maxActions = 3;

/**
 * Publishes to a topic of ntfy.sh or of one's own ntfy. It posts JSON to the root of the server, because titles in headers
 * would have to be Latin-1.
 *
 * Settings: `url` (server and topic, "https://ntfy.sh/my-topic"); `token` (optional); `allow_private` (default false).
 */
export function createNtfyChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const topicUrl = settings.url("url", allowPrivate);
  const token = settings.text("token");
  const topic = topicUrl?.pathname.split("/").findLast((part) => part !== "") ?? "";
  if (topicUrl !== null && !/^[-_A-Za-z0-9]{1,64}$/.test(topic)) {
    settings.problem(
      "url",
      `must end in a topic, such as "https://ntfy.sh/my-topic": letters, digits, "-" and "_", at most 64`,
    );
  }
  const errors = settings.finish();
  if (topicUrl === null || errors.length > 0) return { ok: false, errors };

  const url = new URL(".", topicUrl.href.replace(/\/+$/, ""));
  const headers = {
    "content-type": "application/json",
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  return {
    ok: true,
    channel: { name, send: (message, signal) => post({ url, headers, body: render(topic, message), signal }) },
  };
}

function render(topic: string, message: WebhookBody): string {
  const body = firstThatFits(
    message,
    (summary) => {
      // A tap on the notification opens the page; the other links are its buttons.
      const buttons = summary.links.filter(({ action }) => action !== null);
      const page = summary.links.find(({ action }) => action === null);
      return {
        topic,
        title: clipBytes(headline(message), maxTitleBytes),
        // An empty message would arrive as the word "triggered".
        message: plainSummary({ ...summary, links: buttons.slice(maxActions) }) || headline(message),
        priority: priority(message),
        tags: [shortcode(message), ...(message.kind === null ? [] : [message.kind])],
        ...(page === undefined ? {} : { click: page.url }),
        ...(buttons.length === 0 ? {} : { actions: buttons.slice(0, maxActions).map(viewAction) }),
      };
    },
    ({ message: text }) => Buffer.byteLength(text) <= maxMessageBytes,
  );
  return JSON.stringify({ ...body, message: clipBytes(body.message, maxMessageBytes) });
}

/** A button that opens a page; the page asks before it does anything. */
function viewAction({ label, url }: SummaryLink) {
  return { action: "view", label: label || "Open", url };
}

/** ntfy's scale: 5 rings through "do not disturb", 3 is an ordinary notification. */
function priority(message: WebhookBody): 3 | 4 | 5 {
  // A change, such as some of many that are back, rings no more than an end.
  if (message.type === "incident.resolved" || message.type === "incident.updated" || message.severity === null)
    return 3;
  return ({ page: 5, warn: 4, info: 3 } as const)[message.severity];
}
