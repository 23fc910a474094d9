import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig } from "../channel-config.ts";
import { clipBytes, headline, oneLine, plainText, shortcode } from "../../message-text.ts";
import { createPoster } from "../outgoing/post.ts";

/** Slack takes 40,000 characters; nobody reads more than this in a chat. */
const maxTextBytes = 12_000;

/**
 * Posts to an incoming webhook of Slack, or of anything that speaks the same (Mattermost, Rocket.Chat).
 *
 * Settings: `url` (the incoming webhook); `allow_private` (default false).
 */
export function createSlackChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const url = settings.url("url", allowPrivate);
  const errors = settings.finish();
  if (url === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const headers = { "content-type": "application/json" };
  const send = async (message: WebhookBody, signal: AbortSignal): Promise<SendOutcome> => {
    const { answer, ...outcome } = await post({ url, headers, body: render(message), signal });
    if (!outcome.sent || answer === undefined || answer.body.trim() === "ok") return outcome;
    // Slack's "ok" is the receipt. A 200 with other words is a sign-in page or a proxy in between, which may pass.
    const said = oneLine(clipBytes(answer.body, 300));
    return {
      sent: false,
      retry: true,
      error: `${url.host} answered ${answer.status} but not "ok": ${said || "nothing"}`,
    };
  };
  return { ok: true, channel: { name, send } };
}

function render(message: WebhookBody): string {
  const body = escape(clipBytes(plainText(message.text).trim(), maxTextBytes));
  // A report is a table: it needs letters of one width, and must not be able to close its own frame.
  const framed = message.type === "report.daily" ? `\`\`\`\n${body.replaceAll("```", "'''")}\n\`\`\`` : body;
  return JSON.stringify({
    text: `:${shortcode(message)}: *${escape(headline(message)).replaceAll("*", "∗")}*\n${framed}`.trim(),
    // Links in what an agent wrote are shown, not fetched.
    unfurl_links: false,
    unfurl_media: false,
  });
}

/** The three characters of Slack's own escaping: without them `<!channel>` in an agent's message would call everybody. */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
