import type { SendOutcome } from "../channel.ts";
import { answerFields, waitOf } from "../outgoing/answer-fields.ts";
import type { Answer, Poster } from "../outgoing/post.ts";
import { answeredUnlike } from "../outgoing/service-answer.ts";

/** One call that was tried, and the word that Slack gave for refusing it. */
export interface SlackCalled {
  readonly outcome: SendOutcome;
  readonly refusedAs: string | null;
}

export interface SlackCall {
  readonly post: Poster;
  readonly url: URL;
  readonly token: string | null;
  readonly body: object;
  readonly signal: AbortSignal;
}

/** Posts to an incoming webhook, which answers with a word: "ok", or why not. */
export async function callWebhook({ post, url, body, signal }: SlackCall): Promise<SlackCalled> {
  const headers = { "content-type": "application/json" };
  const { answer, ...outcome } = await post({ url, headers, body: JSON.stringify(body), signal });
  if (answer === undefined || (outcome.sent && answer.body.trim() === "ok")) return { outcome, refusedAs: null };
  if (!outcome.sent) {
    const word = answer.said;
    return { outcome: hinted(outcome, word), refusedAs: word };
  }
  // Slack's "ok" is the receipt. A 200 with other words is a sign-in page or a proxy in between, which may pass.
  const error = `${url.host} answered ${answer.status} but not "ok": ${answer.said || "nothing"}`;
  return { outcome: { sent: false, retry: true, error }, refusedAs: null };
}

/** Calls a method of the Web API, which answers 200 also to what it refuses. */
export async function callMethod({ post, url, token, body, signal }: SlackCall): Promise<SlackCalled> {
  const headers = { "content-type": "application/json; charset=utf-8", authorization: `Bearer ${token ?? ""}` };
  const { answer, ...outcome } = await post({ url, headers, body: JSON.stringify(body), signal });
  if (answer === undefined) return { outcome, refusedAs: null };
  const { ok, channel, ts, error: word } = answerFields(answer);
  if (outcome.sent && ok === true) {
    const named = typeof channel === "string" && typeof ts === "string";
    return { outcome: { sent: true, ...(named ? { receipt: `${channel}:${ts}` } : {}) }, refusedAs: null };
  }
  return typeof word === "string" && /^\w{1,100}$/.test(word)
    ? { outcome: refused(url.host, word, outcome), refusedAs: word }
    : { outcome: unclear(url.host, answer, outcome), refusedAs: null };
}

function refused(host: string, word: string, outcome: SendOutcome): SendOutcome {
  const retry = passing.has(word) || (!outcome.sent && outcome.retry);
  const wait = retry && !outcome.sent ? waitOf(null, outcome.retryAfterMs) : {};
  return hinted({ sent: false, retry, error: `${host} refused the message: ${word}`, ...wait }, word);
}

function unclear(host: string, answer: Answer, outcome: SendOutcome): SendOutcome {
  return outcome.sent ? answeredUnlike("Slack", host, answer) : outcome;
}

function hinted(outcome: SendOutcome, word: string): SendOutcome {
  const hint = hints.get(word);
  return outcome.sent || hint === undefined ? outcome : { ...outcome, error: `${outcome.error}. ${hint}` };
}

/** What Slack says when it is busy or broken; every other word stays the same until a person does something. */
const passing: ReadonlySet<string> = new Set([
  "ratelimited",
  "rate_limited",
  "message_limit_exceeded",
  "internal_error",
  "fatal_error",
  "request_timeout",
  "service_unavailable",
  "team_added_to_org",
]);

const otherToken = "Copy the bot token (xoxb-…) again, from OAuth & Permissions of your Slack app";
const otherWebhook = "Make a new incoming webhook and put its address into `url`";

const hints: ReadonlyMap<string, string> = new Map([
  ["invalid_auth", otherToken],
  ["not_authed", otherToken],
  ["token_revoked", otherToken],
  ["token_expired", otherToken],
  ["account_inactive", otherToken],
  ["missing_scope", "Give the app the scope chat:write and install it again"],
  [
    "channel_not_found",
    "Look at `channel`: its id stands at the end of its details; a private one must have the app in it",
  ],
  ["not_in_channel", "Invite the app into the channel: /invite @name"],
  ["is_archived", "The channel is archived: name another one"],
  ["channel_is_archived", "The channel is archived: name another one"],
  ["no_service", otherWebhook],
  ["no_service_id", otherWebhook],
  ["no_team", otherWebhook],
  ["team_disabled", otherWebhook],
  ["invalid_token", otherWebhook],
]);
