import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { answerFields, waitOf } from "../outgoing/answer-fields.ts";
import { createPoster, type Answer } from "../outgoing/post.ts";
import { renderDiscord, type DiscordMention } from "./discord-message.ts";

/**
 * Posts to a webhook of a Discord channel, and changes what it posted when more is known.
 *
 * Settings: `url` (the webhook's; `?thread_id=…` at its end posts into a thread); `mention` (optional: "@here", "@everyone",
 * "<@USER>" or "<@&ROLE>", for pages only); `allow_private` (default false).
 */
export function createDiscordChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const url = settings.url("url", allowPrivate);
  if (url !== null && !/\/webhooks\/\d+\/[^/]+\/?$/.test(url.pathname)) {
    settings.problem("url", 'must be the whole webhook URL, such as "https://discord.com/api/webhooks/123/abc"');
  }
  const mention = readMention(settings);
  const errors = settings.finish();
  if (url === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const headers = { "content-type": "application/json" };
  const call = async (method: "POST" | "PATCH", target: URL, body: string, signal: AbortSignal) => {
    const { answer, ...outcome } = await post({ method, url: target, headers, body, signal });
    return { code: answerFields(answer)["code"], outcome: judge(url.host, outcome, answer) };
  };

  const send = async (message: WebhookBody, signal: AbortSignal, receipt?: string | null): Promise<SendOutcome> => {
    const body = renderDiscord(message, mention);
    const isAcknowledgement = message.type === "incident.acknowledged";
    const changes = isAcknowledgement || message.type === "incident.updated";
    if (changes && typeof receipt === "string" && /^\d+$/.test(receipt)) {
      const { code, outcome } = await call("PATCH", messageUrl(url, receipt), body, signal);
      // Somebody deleted it, or it stands in another channel: what there is to say is still said.
      if (code !== unknownMessage) return outcome;
    }
    // Said only in what stands there already: a message of its own would be one more to read.
    if (isAcknowledgement) return { sent: true };
    return (await call("POST", waiting(url), body, signal)).outcome;
  };
  return { ok: true, channel: { name, send, canUpdate: true, hearsAcknowledgements: true } };
}

const unknownMessage = 10_008;

/** Without `wait` Discord answers before it has looked at the message, and an error would be lost. */
function waiting(url: URL): URL {
  const target = new URL(url);
  target.searchParams.set("wait", "true");
  return target;
}

function messageUrl(url: URL, id: string): URL {
  const target = new URL(url);
  target.pathname = `${target.pathname.replace(/\/$/, "")}/messages/${id}`;
  return target;
}

function readMention(settings: ConfigReader): DiscordMention | null {
  const text = settings.text("mention");
  if (text === null) return null;
  if (text === "@here" || text === "@everyone") return { text, allowed: { parse: ["everyone"] } };
  const [, role, id] = /^<@(&?)(\d{5,25})>$/.exec(text) ?? [];
  if (id !== undefined)
    return { text, allowed: role === "&" ? { parse: [], roles: [id] } : { parse: [], users: [id] } };
  settings.problem("mention", 'must be "@here", "@everyone", "<@123…>" for a person or "<@&123…>" for a role');
  return null;
}

function judge(host: string, outcome: SendOutcome, answer: Answer | undefined): SendOutcome {
  if (answer === undefined) return outcome;
  const { id, code, message, retry_after: wait } = answerFields(answer);
  if (outcome.sent) {
    if (typeof id === "string") return { sent: true, receipt: id.slice(0, 100) };
    const error = `${host} answered ${answer.status}, but not with the message: ${answer.said || "nothing"}`;
    return { sent: false, retry: true, error };
  }
  const hint = typeof code === "number" ? hints.get(code) : undefined;
  const error = hint === undefined ? outcome.error : `${host} answered ${answer.status}: ${String(message)}. ${hint}`;
  return { ...outcome, error, ...(outcome.retry ? waitOf(wait, outcome.retryAfterMs) : {}) };
}

/** Discord's codes that a person can do something about. */
const hints: ReadonlyMap<number, string> = new Map([
  [10_015, "The webhook was deleted: make a new one in the channel's settings and put its address into `url`"],
  [50_027, "The last part of `url` is wrong: copy the webhook's address again"],
  [10_003, "The thread or channel is gone: take `thread_id` out of `url`, or put the right one in"],
  [220_001, "This is a forum, which takes messages only into a thread: add `?thread_id=…` to `url`"],
]);
