import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { answerFields } from "../outgoing/answer-fields.ts";
import { createPoster } from "../outgoing/post.ts";
import { quote, type Tried } from "../outgoing/service-answer.ts";
import { below } from "../service-region.ts";
import { pushoverTag, renderPushover } from "./pushover-message.ts";

/**
 * Pushes to phones through Pushover. A page is an emergency, which rings again and again until somebody has seen it; the end of the
 * incident, or of the waiting for somebody to look after it, calls it off.
 *
 * Settings: `token` (the application's), `user` (of a person or a group), `device` (optional: only these, by name, with commas between);
 * `server` (default "https://api.pushover.net"); `allow_private` (default false).
 */
export function createPushoverChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const token = readKey(settings, "token", "of your application, as Pushover shows it on its page");
  const user = readKey(settings, "user", "of you or your group, as Pushover shows it");
  const device = readDevice(settings);
  const server = settings.url("server", allowPrivate, "https://api.pushover.net");
  const errors = settings.finish();
  if (token === null || user === null || server === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const secrets = [token, user];
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const call: Call = async (path, fields, signal) => {
    const body = new URLSearchParams({ token, ...fields }).toString();
    const { answer, ...outcome } = await post({ url: below(server, `1/${path}`), headers, body, signal, secrets });
    return judge({ host: server.host, secrets, outcome, answer });
  };
  const to = { user, ...(device === null ? {} : { device }) };
  return { ok: true, channel: { name, send: createSender(call, to), hearsAcknowledgements: true } };
}

type Call = (path: string, fields: Readonly<Record<string, string>>, signal: AbortSignal) => Promise<SendOutcome>;

function createSender(call: Call, to: Readonly<Record<string, string>>) {
  const callOff = (message: WebhookBody, signal: AbortSignal): Promise<SendOutcome> =>
    call(`receipts/cancel_by_tag/${pushoverTag(message)}.json`, {}, signal);
  return async (message: WebhookBody, signal: AbortSignal): Promise<SendOutcome> => {
    // The phone falls silent, and that is all: who looks after it is no reason to reach for it.
    if (message.type === "incident.acknowledged") {
      return message.severity === "page" ? callOff(message, signal) : { sent: true };
    }
    if (message.type === "incident.resolved" && message.severity === "page") {
      const quieted = await callOff(message, signal);
      // Calling it off twice does no harm, so both are tried again together. Where it is refused for good, the recovery is still told.
      if (!quieted.sent && quieted.retry) return quieted;
    }
    return call("messages.json", { ...to, ...renderPushover(message) }, signal);
  };
}

function readKey(settings: ConfigReader, field: "token" | "user", what: string): string | null {
  const key = settings.text(field);
  if (key !== null && /^[A-Za-z0-9]{30}$/.test(key)) return key;
  settings.problem(field, `must be the 30 letters and digits ${what}`);
  return null;
}

function readDevice(settings: ConfigReader): string | null {
  const device = settings.text("device");
  if (device === null || /^[\w-]{1,25}(?:,[\w-]{1,25})*$/.test(device)) return device;
  settings.problem("device", "must be the name of a device as Pushover shows it, or several with commas between");
  return null;
}

function judge({ host, secrets, outcome, answer }: Tried & { readonly secrets: readonly string[] }): SendOutcome {
  if (answer === undefined) return outcome;
  const { status, errors, receipt } = answerFields(answer);
  if (outcome.sent && status === 1) {
    return { sent: true, ...(typeof receipt === "string" && receipt.length <= 100 ? { receipt } : {}) };
  }
  const words = Array.isArray(errors) ? (errors as unknown[]).filter((one) => typeof one === "string").join("; ") : "";
  const said = quote(words, secrets, 300) || answer.said || "nothing";
  const error = `${host} answered ${answer.status}: ${said}`;
  if (!outcome.sent) {
    const hint = answer.status === 429 ? ". The messages of this month are used up" : "";
    return { ...outcome, error: `${error}${hint}` };
  }
  // It says no with 200, too. What has no status of its own comes from something in between, which may pass.
  return { sent: false, retry: typeof status !== "number", error };
}
