import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { answerFields } from "../outgoing/answer-fields.ts";
import { createPoster } from "../outgoing/post.ts";
import { answeredUnlike, quote, type Tried } from "../outgoing/service-answer.ts";
import { below, readRegion } from "../service-region.ts";
import { pagerDutyEvent } from "./pagerduty-event.ts";

/**
 * Opens, changes, acknowledges and resolves incidents in PagerDuty, through the Events API v2.
 *
 * Settings: `integration_key`; `region` ("us" unless given, or "eu"), or `server`; `allow_private` (default false).
 */
export function createPagerDutyChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const key = readKey(settings);
  const server = readRegion(settings, allowPrivate, {
    us: "https://events.pagerduty.com",
    eu: "https://events.eu.pagerduty.com",
  });
  const errors = settings.finish();
  if (key === null || server === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const headers = { "content-type": "application/json" };
  const send = async (message: WebhookBody, signal: AbortSignal): Promise<SendOutcome> => {
    const { path, body: event } = pagerDutyEvent(message);
    const body = JSON.stringify({ routing_key: key, ...event });
    const { answer, ...outcome } = await post({ url: below(server, path), headers, body, signal, secrets: [key] });
    return judge({ host: server.host, key, outcome, answer });
  };
  // A trigger with the key of an open incident changes that one.
  return { ok: true, channel: { name, send, canUpdate: true, hearsAcknowledgements: true } };
}

function readKey(settings: ConfigReader): string | null {
  const key = settings.text("integration_key");
  if (key !== null && /^[A-Za-z0-9]{32}$/.test(key)) return key;
  settings.problem(
    "integration_key",
    "must be the 32 letters and digits that PagerDuty shows for the service's integration “Events API V2”",
  );
  return null;
}

function judge({ host, key, outcome, answer }: Tried & { readonly key: string }): SendOutcome {
  if (answer === undefined) return outcome;
  const { status, message, errors } = answerFields(answer);
  if (answer.status === 202 && status === "success") return { sent: true };
  if (outcome.sent) return answeredUnlike("PagerDuty", host, answer);
  const words = [message, ...(Array.isArray(errors) ? (errors as unknown[]) : [])].filter(
    (one) => typeof one === "string",
  );
  const said = quote(words.join(": "), [key], 300) || answer.said;
  const hint = answer.status === 400 ? ". Look at `integration_key`: is it of an integration “Events API V2”?" : "";
  return { ...outcome, error: `${host} answered ${answer.status}: ${said || "nothing"}${hint}` };
}
