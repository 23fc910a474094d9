import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { createPoster } from "../outgoing/post.ts";
import { callMethod, callWebhook, type SlackCalled } from "./slack-calls.ts";
import { renderSlack, type SlackMessage } from "./slack-message.ts";

/**
 * Posts to Slack, in one of two ways: through an incoming webhook of Slack or of anything that speaks the same (Mattermost,
 * Rocket.Chat), or as a bot, which can change what it posted when more is known.
 *
 * Settings: `url` (the incoming webhook); or `token` (the bot's) and `channel` (its id), and `server` (default
 * "https://slack.com/api"). For both `mention` (optional: "@here", "@channel", "<@USER>" or "<!subteam^GROUP>", for pages only) and
 * `allow_private` (default false).
 */
export function createSlackChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const mention = readMention(settings);
  const token = settings.text("token");
  const channel = settings.text("channel");
  const isBot = token !== null || channel !== null;
  if (isBot && settings.text("url") !== null) {
    settings.problem("url", "is for an incoming webhook, `token` and `channel` are for a bot: take one of the two");
  }
  if (isBot && token === null) settings.problem("token", "is missing: it is the bot token of your Slack app, xoxb-…");
  if (isBot && channel === null)
    settings.problem("channel", "is missing: it is the id of the channel, such as C0123456789");
  const url = isBot ? settings.url("server", allowPrivate, "https://slack.com/api") : settings.url("url", allowPrivate);
  const errors = settings.finish();
  if (url === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  if (token === null || channel === null) {
    const call: Call = (body, signal) => callWebhook({ post, url, token: null, body, signal });
    const send: Send = async (message, signal) => (await say(call, renderSlack(message, mention), signal)).outcome;
    return { ok: true, channel: { name, send } };
  }
  const method = (word: string): Call => {
    const target = new URL(url);
    target.pathname = `${url.pathname.replace(/\/+$/, "")}/${word}`;
    return (body, signal) => callMethod({ post, url: target, token, body, signal });
  };
  const send = createBot({ channel, mention, method });
  return { ok: true, channel: { name, send, canUpdate: true, hearsAcknowledgements: true } };
}

type Send = (message: WebhookBody, signal: AbortSignal, receipt?: string | null) => Promise<SendOutcome>;
type Call = (body: object, signal: AbortSignal) => Promise<SlackCalled>;

interface Bot {
  readonly channel: string;
  readonly mention: string | null;
  readonly method: (word: string) => Call;
}

function createBot({ channel, mention, method }: Bot): Send {
  const postMessage = method("chat.postMessage");
  const updateMessage = method("chat.update");
  return async (message, signal, receipt) => {
    const rendered = renderSlack(message, mention);
    const [, id, ts] = /^([A-Z0-9]+):(\d+\.\d+)$/.exec(receipt ?? "") ?? [];
    const isAcknowledgement = message.type === "incident.acknowledged";
    // Said only in what stands there already: a message of its own would be one more to read.
    if (isAcknowledgement && id === undefined) return { sent: true };
    if ((isAcknowledgement || message.type === "incident.updated") && id !== undefined) {
      const { outcome, refusedAs } = await say(
        (body, given) => updateMessage({ ...body, channel: id, ts }, given),
        rendered,
        signal,
      );
      if (isAcknowledgement) return refusedAs !== null && goneWords.has(refusedAs) ? { sent: true } : outcome;
      // Refused: it was deleted, or may not be changed any more. What there is to say is still said.
      if (outcome.sent || outcome.retry) return outcome;
    }
    return (await say((body, given) => postMessage({ ...body, channel }, given), rendered, signal)).outcome;
  };
}

/** A page in plain words is worth more than one that was refused for its blocks. */
async function say(call: Call, { text, blocks }: SlackMessage, signal: AbortSignal): Promise<SlackCalled> {
  // Links in what an agent wrote are shown, not fetched.
  const plain = { text, unfurl_links: false, unfurl_media: false };
  const called = await call({ ...plain, blocks }, signal);
  return called.refusedAs !== null && aboutBlocks.has(called.refusedAs) ? call(plain, signal) : called;
}

/** It was deleted, or may not be changed any more. */
const goneWords: ReadonlySet<string> = new Set(["message_not_found", "cant_update_message", "edit_window_closed"]);

const aboutBlocks: ReadonlySet<string> = new Set(["invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long"]);

function readMention(settings: ConfigReader): string | null {
  const mention = settings.text("mention");
  if (mention === null || /^<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!here|!channel)>$/.test(mention)) return mention;
  if (mention === "@here" || mention === "@channel") return `<!${mention.slice(1)}>`;
  settings.problem("mention", 'must be "@here", "@channel", "<@U…>" for a person or "<!subteam^S…>" for a group');
  return null;
}
