import { SECOND, type DurationMs } from "@midwatch/core";
import type { WebhookBody } from "@midwatch/protocol";
import {
  interrupted,
  type Channel,
  type ChannelResult,
  type ChannelSurroundings,
  type MailBody,
  type SendOutcome,
} from "../channel.ts";
import { isNearAddress } from "../outgoing/public-address.ts";
import { connectGuarded } from "../outgoing/guarded-socket.ts";
import { readEmailSettings, type EmailSettings } from "./email-settings.ts";
import { mailBody } from "./mail-body.ts";
import { failureOf, PlainTextAbroadError, replyWords, type Failed } from "./mail-failure.ts";
import { createRecipientBook } from "./recipients.ts";
import type { HandedOver, RefusedRecipient } from "./smtp-delivery.ts";

/** Mail servers make strangers wait on purpose. The outbox ends a try after 20 s, and could not say what it waited for. */
const usualTimeoutMs: DurationMs = 18 * SECOND;

/** Sends mails through one server, as a mail program does. */
export function createEmailChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  around: ChannelSurroundings,
): ChannelResult {
  const read = readEmailSettings(name, config);
  if (!read.ok) return read;
  return { ok: true, channel: { name, send: sender(read.settings, around) } };
}

function sender(settings: EmailSettings, around: ChannelSurroundings): Channel["send"] {
  const { host } = settings;
  const timeoutMs = around.timeoutMs ?? usualTimeoutMs;
  const recipients = createRecipientBook({
    addresses: settings.to.map(({ address }) => address),
    now: around.now,
    words: ({ response }) => replyWords(response, settings),
    nobody: (refused) => nobodyGotIt(refused, settings),
  });

  return async (message, signal) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, deadline]);
    const attempt = async (): Promise<SendOutcome> => {
      const rendered = await render(message, around.renderMail);
      const handedOver = await handOver({
        message,
        body: rendered.body,
        recipients: recipients.pending(message.id),
        settings,
        around,
        timeoutMs,
        signal: either,
      });
      return withRemark(recipients.settle(message.id, handedOver), rendered.remark);
    };
    try {
      return await untilAborted(attempt(), either);
    } catch (error) {
      if (signal.aborted) return interrupted;
      if (deadline.aborted) {
        const error = `${host}:${settings.port} did not take the message within ${timeoutMs / SECOND} s`;
        return { sent: false, retry: true, error };
      }
      return failureOf(error, settings);
    }
  };
}

interface Rendered {
  readonly body: MailBody & { readonly subject: string };
  readonly remark?: string;
}

/** A picture that cannot be drawn must not cost the words. */
async function render(message: WebhookBody, renderMail: ChannelSurroundings["renderMail"]): Promise<Rendered> {
  const own = mailBody(message);
  try {
    const body = await renderMail?.(message);
    return { body: body ? { ...body, subject: body.subject ?? own.subject } : own };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { body: own, remark: `without its pictures, which could not be drawn: ${why}` };
  }
}

function withRemark(outcome: SendOutcome, remark: string | undefined): SendOutcome {
  if (!outcome.sent || remark === undefined) return outcome;
  return { ...outcome, remark: outcome.remark === undefined ? remark : `${outcome.remark}; ${remark}` };
}

interface Errand {
  readonly message: WebhookBody;
  readonly body: MailBody & { readonly subject: string };
  readonly recipients: readonly string[];
  readonly settings: EmailSettings;
  readonly around: Pick<ChannelSurroundings, "lookup">;
  readonly timeoutMs: DurationMs;
  readonly signal: AbortSignal;
}

/** The mail library is loaded with the first message: a supervisor, which speaks only when the server cannot, may never send one. */
async function handOver(errand: Errand): Promise<HandedOver> {
  const { message, body, recipients, settings, around, timeoutMs, signal } = errand;
  const { mimeMessage } = await import("./mime-message.ts");
  const { deliver } = await import("./smtp-delivery.ts");
  const mail = await mimeMessage(message, body, settings);
  const { host, port, allowPrivate, tls } = settings;
  const socket = await connectGuarded({ host, port, allowPrivate, lookup: around.lookup, signal });
  if (tls === "none" && !isNearAddress(socket.remoteAddress ?? "")) {
    socket.destroy();
    throw new PlainTextAbroadError(`${host} is not near`);
  }
  return deliver({ socket, settings, recipients, mail, signal, timeoutMs });
}

/** Lets go at once, also of what does not listen to the signal. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const letGo = (): void => reject(signal.reason as Error);
    if (signal.aborted) letGo();
    signal.addEventListener("abort", letGo, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", letGo));
  });
}

/** One that was refused only for now keeps the message alive for all. */
function nobodyGotIt(refused: readonly RefusedRecipient[], settings: EmailSettings): Failed {
  const decisive = refused.find(({ code }) => code < 500) ?? refused[0];
  const failure = failureOf({ response: decisive?.response, responseCode: decisive?.code }, settings);
  const others = refused.length - 1;
  return others < 1 ? failure : { ...failure, error: `${failure.error} (and refused ${others} more)` };
}
