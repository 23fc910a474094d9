import type { WebhookBody } from "@midwatch/protocol";
import { threadKey } from "../../message-thread.ts";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig } from "../channel-config.ts";
import { answerFields } from "../outgoing/answer-fields.ts";
import { createPoster } from "../outgoing/post.ts";
import { answeredUnlike, quote, type Tried } from "../outgoing/service-answer.ts";
import { below, readRegion } from "../service-region.ts";
import { alertBody, noteBody } from "./opsgenie-alert.ts";

/**
 * Opens, acknowledges and closes alerts in Opsgenie, or in Jira Service Management, which speaks the same.
 *
 * An alert keeps the priority it was opened with, and nobody is called again for it. So what rises gets a second alert, whose alias is
 * the receipt: later messages of the thread go there; an acknowledgement and the end are for both.
 *
 * Settings: `key`; `region` ("us" unless given, or "eu"), or `server`; `allow_private` (default false).
 */
export function createOpsgenieChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const key = settings.text("key");
  if (key === null) settings.problem("key", "is missing: it is the key of an “API” integration in Opsgenie");
  else if (!/^[\w-]{8,200}$/.test(key)) settings.problem("key", "holds what no key holds: was it copied whole?");
  const server = readRegion(settings, allowPrivate, {
    us: "https://api.opsgenie.com",
    eu: "https://api.eu.opsgenie.com",
  });
  const errors = settings.finish();
  if (key === null || server === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const headers = { "content-type": "application/json", authorization: `GenieKey ${key}` };
  const call: Call = async (path, body, signal) => {
    const url = below(server, path.join("/"));
    if (path.length > 2) url.searchParams.set("identifierType", "alias");
    const { answer, ...outcome } = await post({ url, headers, body: JSON.stringify(body), signal });
    return judge({ host: server.host, key, outcome, answer });
  };
  const send = createSender(call);
  return { ok: true, channel: { name, send, canUpdate: true, hearsAcknowledgements: true } };
}

type Call = (path: readonly string[], body: object, signal: AbortSignal) => Promise<SendOutcome>;

function createSender(call: Call) {
  return async (message: WebhookBody, signal: AbortSignal, receipt?: string | null): Promise<SendOutcome> => {
    const first = threadKey(message).slice(0, maxAlias);
    const second = `${first}${raisedMark}`;
    const alias = message.type === "incident.raised" || receipt === second ? second : first;
    if (message.type === "incident.updated") {
      return call(["v2", "alerts", encodeURIComponent(alias), "notes"], noteBody(message), signal);
    }
    if (message.type !== "incident.acknowledged" && message.type !== "incident.resolved") {
      const outcome = await call(["v2", "alerts"], alertBody(message, alias), signal);
      return outcome.sent ? { sent: true, receipt: alias } : outcome;
    }
    const action = message.type === "incident.resolved" ? "close" : "acknowledge";
    for (const open of new Set([first, alias])) {
      const outcome = await call(["v2", "alerts", encodeURIComponent(open), action], noteBody(message), signal);
      // The same twice is accepted, so that a retry may begin with the first again.
      if (!outcome.sent) return outcome;
    }
    return { sent: true };
  };
}

const raisedMark = ":raised";
/** Opsgenie takes 512 characters; this leaves room for the mark. */
const maxAlias = 500;

function judge({ host, key, outcome, answer }: Tried & { readonly key: string }): SendOutcome {
  if (answer === undefined) return outcome;
  const { requestId, message, errors } = answerFields(answer);
  // It is worked on later, and under this id one could ask for what came of it.
  if (answer.status === 202 && typeof requestId === "string") return { sent: true };
  if (outcome.sent) return answeredUnlike("Opsgenie", host, answer);
  const words = typeof message === "string" ? [message, ...(errors === undefined ? [] : [JSON.stringify(errors)])] : [];
  const said = quote(words.join(": "), [key], 300) || answer.said;
  const hint = hints.get(answer.status);
  const error = `${host} answered ${answer.status}: ${said || "nothing"}`;
  return { ...outcome, error: hint === undefined ? error : `${error}. ${hint}` };
}

const hints: ReadonlyMap<number, string> = new Map([
  [401, "Look at `key`, and at `region`: a key of one region is unknown in the other"],
  [403, "The integration may not create alerts: look at its access rights in Opsgenie"],
  [422, "Look at `key`, and at `region`: a key of one region is unknown in the other"],
]);
