import type { WebhookBody } from "@midwatch/protocol";
import type { ChannelResult, ChannelSurroundings, SendOutcome } from "../channel.ts";
import { readConfig, type ConfigReader } from "../channel-config.ts";
import { makesSound } from "../../message-text.ts";
import { answerFields, fieldsOf, waitOf, type AnswerFields } from "../outgoing/answer-fields.ts";
import { createPoster } from "../outgoing/post.ts";
import { quote, type Tried } from "../outgoing/service-answer.ts";
import { renderTelegram, renderTelegramPlain, type TelegramText } from "./telegram-message.ts";

/**
 * Writes to a chat as a bot, and changes what it wrote when more is known.
 *
 * Settings: `token` (the bot's); `chat` (the chat's number, or "@name" of a public channel); `thread_id` (optional: a topic of a
 * group); `server` (default "https://api.telegram.org"); `allow_private` (default false).
 */
export function createTelegramChannel(
  name: string,
  config: Readonly<Record<string, unknown>>,
  { now, lookup, timeoutMs }: ChannelSurroundings,
): ChannelResult {
  const settings = readConfig(name, config);
  const allowPrivate = settings.allowPrivate();
  const token = readToken(settings);
  const chat = readChat(settings);
  const thread = readThread(settings);
  const server = settings.url("server", allowPrivate, "https://api.telegram.org");
  const errors = settings.finish();
  if (token === null || chat === null || server === null || errors.length > 0) return { ok: false, errors };

  const post = createPoster({ allowPrivate, now, lookup, timeoutMs });
  const call = async (method: string, body: object, signal: AbortSignal): Promise<Called> => {
    const url = new URL(server);
    url.pathname = `${server.pathname.replace(/\/+$/, "")}/bot${token}/${method}`;
    const headers = { "content-type": "application/json" };
    const { answer, ...outcome } = await post({ url, headers, body: JSON.stringify(body), signal });
    return judge({ host: server.host, token, outcome, answer });
  };
  const send = createSender({ chat, thread, call });
  return { ok: true, channel: { name, send, canUpdate: true, hearsAcknowledgements: true } };
}

interface Called {
  readonly outcome: SendOutcome;
  /** The HTTP status, or the one Telegram wrote into an answer of 200; null without an answer. */
  readonly status: number | null;
  readonly description: string;
  readonly migratedTo: string | null;
}

interface Sender {
  readonly chat: string;
  readonly thread: number | null;
  readonly call: (method: string, body: object, signal: AbortSignal) => Promise<Called>;
}

function createSender({ chat: configured, thread, call }: Sender) {
  /** A group that became a supergroup has a new number, which is kept until the restart. */
  let chat = configured;

  async function write(message: WebhookBody, text: TelegramText, signal: AbortSignal): Promise<Called> {
    const body = () => ({
      chat_id: chat,
      ...(thread === null ? {} : { message_thread_id: thread }),
      // A recovery and a report arrive without a sound.
      disable_notification: !makesSound(message),
      ...text,
    });
    const called = await call("sendMessage", body(), signal);
    if (called.migratedTo === null || called.migratedTo === chat) return called;
    chat = called.migratedTo;
    return call("sendMessage", body(), signal);
  }

  async function change(text: TelegramText, receipt: string, signal: AbortSignal): Promise<Called | null> {
    const [, chatId, messageId] = /^(-?\d+):(\d+)$/.exec(receipt) ?? [];
    if (chatId === undefined) return null;
    const body = { chat_id: chatId, message_id: Number(messageId), ...text };
    const called = await call("editMessageText", body, signal);
    // Telegram has no code for it: a try that got through, whose answer was lost, finds its own words there.
    const done = called.outcome.sent || called.description.includes("message is not modified");
    return done ? { ...called, status: 200, outcome: { sent: true, receipt } } : called;
  }

  /** Only in what stands there already: a message of its own would be one more to read. */
  async function acknowledge(message: WebhookBody, receipt: string, signal: AbortSignal): Promise<SendOutcome> {
    const changed = await change(renderTelegram(message), receipt, signal);
    if (changed === null || isGone(changed)) return { sent: true };
    if (changed.status !== 400) return changed.outcome;
    const plain = await change(renderTelegramPlain(message), receipt, signal);
    return plain?.outcome ?? changed.outcome;
  }

  return async (message: WebhookBody, signal: AbortSignal, receipt?: string | null): Promise<SendOutcome> => {
    if (message.type === "incident.acknowledged") {
      return typeof receipt === "string" ? acknowledge(message, receipt, signal) : { sent: true };
    }
    if (message.type === "incident.updated" && typeof receipt === "string") {
      const changed = await change(renderTelegram(message), receipt, signal);
      // Refused: it was deleted, or is too old to be changed. What there is to say is still said.
      if (changed !== null && changed.status !== 400) return changed.outcome;
    }
    const called = await write(message, renderTelegram(message), signal);
    // A page without bold words and buttons is worth more than a page that was refused for one of them.
    return called.status === 400
      ? (await write(message, renderTelegramPlain(message), signal)).outcome
      : called.outcome;
  };
}

/** Somebody deleted it, or it may not be changed any more; Telegram has no code for these either. */
function isGone({ status, description }: Called): boolean {
  return status === 400 && /message to edit not found|message can't be edited|MESSAGE_ID_INVALID/.test(description);
}

function readToken(settings: ConfigReader): string | null {
  const token = settings.text("token");
  if (token === null) settings.problem("token", "is missing: it is what BotFather answers to /newbot");
  if (token === null || /^\d+:[\w-]{20,}$/.test(token)) return token;
  settings.problem("token", 'must be the whole token as BotFather wrote it, such as "123456789:AAH…"');
  return null;
}

function readChat(settings: ConfigReader): string | null {
  const chat = settings.id("chat");
  if (chat !== null && /^(?:-?\d{1,16}|@\w{4,64})$/.test(chat)) return chat;
  settings.problem("chat", 'must be the number of a chat, such as -1001234567890, or "@name" of a public channel');
  return null;
}

function readThread(settings: ConfigReader): number | null {
  const thread = settings.id("thread_id");
  if (thread === null || /^\d{1,15}$/.test(thread)) return thread === null ? null : Number(thread);
  settings.problem("thread_id", "must be the number of a topic: the last number of the link that its menu copies");
  return null;
}

function judge({ host, token, outcome, answer }: Tried & { readonly token: string }): Called {
  if (answer === undefined) return { outcome, status: null, description: "", migratedTo: null };
  const { ok, result, error_code: code, description: words, parameters } = answerFields(answer);
  const description = typeof words === "string" ? quote(words, [token], 300) : "";
  if (outcome.sent && ok === true) {
    return { outcome: { sent: true, ...receiptOf(fieldsOf(result)) }, status: 200, description, migratedTo: null };
  }
  const status = outcome.sent && typeof code === "number" ? code : answer.status;
  const { retry_after: wait, migrate_to_chat_id: migrated } = fieldsOf(parameters);
  return {
    outcome: failed({ host, status, said: description || answer.said, outcome, wait }),
    status,
    description,
    migratedTo: typeof migrated === "number" ? String(migrated) : null,
  };
}

function receiptOf({ message_id: id, chat }: AnswerFields): { readonly receipt?: string } {
  const chatId = fieldsOf(chat)["id"];
  return typeof id === "number" && typeof chatId === "number" ? { receipt: `${chatId}:${id}` } : {};
}

interface Failure {
  readonly host: string;
  readonly status: number;
  readonly said: string;
  readonly outcome: SendOutcome;
  readonly wait: unknown;
}

function failed({ host, status, said, outcome, wait }: Failure): SendOutcome {
  // An answer of 200 that is not Telegram's is something in between, which may pass.
  const retry = outcome.sent ? status === 200 || status === 429 || status >= 500 : outcome.retry;
  const words = `${host} answered ${status}${status === 200 ? ", but not as Telegram does" : ""}: ${said || "nothing"}`;
  const hint = hints.get(status);
  const fromHeaders = outcome.sent ? undefined : outcome.retryAfterMs;
  return {
    sent: false,
    retry,
    error: hint === undefined ? words : `${words}. ${hint}`,
    ...(retry ? waitOf(wait, fromHeaders) : {}),
  };
}

const hints: ReadonlyMap<number, string> = new Map([
  [400, "Look at `chat` and `thread_id`: is the bot in that chat, and did somebody write to it first?"],
  [401, "The `token` is wrong or was replaced: ask BotFather for it with /token"],
  [403, "The bot may not write there: add it to the chat again, or unblock it"],
  [404, "Telegram does not know the `token`: ask BotFather for it with /token"],
]);
