import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings } from "../channel.ts";
import { readConfig } from "../channel-config.ts";
import { createPoster } from "../outgoing/post.ts";
import { readBody, readHeaders, readSecret, secretsIn } from "./webhook-settings.ts";

/**
 * Posts the message as JSON, or as a `template` says, with the headers of Standard Webhooks: `webhook-id` (the idempotency key, the
 * same on every try), `webhook-timestamp` and, when there is a secret, `webhook-signature`.
 *
 * Settings: `url`; `method` ("POST" unless given, or "PUT"); `secret` (optional: `whsec_` and base64, or any text); `template` and
 * `content_type` (optional); `headers` (optional); `allow_private` (default false).
 */
export function createWebhookChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const url = settings.url("url", allowPrivate);
  const method = settings.choice("method", ["POST", "PUT"]) ?? "POST";
  const signer = readSecret(settings);
  const { contentType, render, secrets } = readBody(settings);
  const own = readHeaders(settings);
  const errors = settings.finish();
  if (url === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const hidden = [...secrets, ...secretsIn(own)];
  const channel = {
    name,
    hearsAcknowledgements: true,
    send: async (message: WebhookBody, signal: AbortSignal) => {
      const body = render(message);
      // It holds the channel's name, which may be in any script; a header may not.
      const id = /^[\x21-\x7e]+$/.test(message.id) ? message.id : encodeURIComponent(message.id);
      // The time of this try, not of the event: receivers refuse what is older than five minutes.
      const at = new Date(now());
      const headers = {
        ...own,
        "content-type": contentType,
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        ...(signer === null ? {} : { "webhook-signature": signer.sign(id, at, body) }),
      };
      return post({ method, url, headers, body, signal, secrets: hidden });
    },
  };
  return { ok: true, channel };
}
