import { Webhook } from "standardwebhooks";
import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { createPoster } from "../outgoing/post.ts";

/**
 * Posts the message as JSON, with the headers of Standard Webhooks: `webhook-id` (the idempotency key, the same on every
 * try), `webhook-timestamp` and, when there is a secret, `webhook-signature`.
 *
 * Settings: `url`; `secret` (optional: `whsec_` and base64, or any text); `allow_private` (default false).
 */
export function createWebhookChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const url = settings.url("url", allowPrivate);
  const signer = readSecret(settings);
  const errors = settings.finish();
  if (url === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const channel = {
    name,
    send: async (message: WebhookBody, signal: AbortSignal) => {
      const body = JSON.stringify(message);
      // The time of this try, not of the event: receivers refuse what is older than five minutes.
      const at = new Date(now());
      const headers = {
        "content-type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        ...(signer === null ? {} : { "webhook-signature": signer.sign(message.id, at, body) }),
      };
      return post({ url, headers, body, signal });
    },
  };
  return { ok: true, channel };
}

function readSecret(settings: ConfigReader): Webhook | null {
  const secret = settings.text("secret");
  if (secret === null) return null;
  if (!secret.startsWith("whsec_")) return new Webhook(Buffer.from(secret, "utf8"), { format: "raw" });
  try {
    return new Webhook(secret);
  } catch {
    // The library throws for anything that is not base64; its words would not help the person who pasted it.
    settings.problem("secret", `starts with "whsec_" but what follows is not base64; was it cut when it was copied?`);
    return null;
  }
}
