import type { Received } from "../loopback-receiver.ts";
import { startStandIn, type StandIn, type StandInAnswer } from "./stand-in.ts";

export const telegramToken = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw";
export const telegramChat = -1_001_234_567_890;

export interface TelegramInTest extends StandIn {
  readonly server: string;
  /** The messages that stand in the chat, by number. */
  readonly messages: Map<number, TelegramBody>;
  /** From now on the group has this number. */
  migrate(to: number): void;
}

export interface TelegramBody {
  readonly chat_id?: string;
  readonly message_id?: number;
  readonly message_thread_id?: number;
  readonly text?: string;
  readonly parse_mode?: string;
  readonly disable_notification?: boolean;
  readonly link_preview_options?: unknown;
  readonly reply_markup?: { readonly inline_keyboard: readonly (readonly { text: string; url: string }[])[] };
}

/** Telegram's Bot API on the loopback, with one bot and one chat: it refuses what the real one refuses, in the same words. */
export async function startTelegram(): Promise<TelegramInTest> {
  const messages = new Map<number, TelegramBody>();
  let chat = telegramChat;
  const standIn = await startStandIn((request) => answerTo(request, messages, chat), {
    "content-type": "application/json",
  });
  return {
    ...standIn,
    server: `http://${standIn.host}`,
    messages,
    migrate: (to) => {
      chat = to;
    },
  };
}

export function refusal(status: number, description: string, parameters?: object): StandInAnswer {
  return { status, body: JSON.stringify({ ok: false, error_code: status, description, parameters }) };
}

function answerTo(request: Received, messages: Map<number, TelegramBody>, chat: number): StandInAnswer {
  const [, token, method] = /^\/bot([^/]+)\/(\w+)$/.exec(request.path) ?? [];
  if (request.method !== "POST" || token === undefined) return refusal(404, "Not Found");
  if (token !== telegramToken) return refusal(401, "Unauthorized");
  const body = JSON.parse(request.body) as TelegramBody;
  if (body.chat_id === String(telegramChat) && chat !== telegramChat && method === "sendMessage") {
    const words = "Bad Request: group chat was upgraded to a supergroup chat";
    return refusal(400, words, { migrate_to_chat_id: chat });
  }
  if (body.chat_id !== String(chat)) return refusal(400, "Bad Request: chat not found");
  const wrong = wrongWith(body);
  if (wrong !== null) return refusal(400, `Bad Request: ${wrong}`);
  if (method === "sendMessage") return placed(messages, { id: messages.size + 1, chat, body });
  if (method !== "editMessageText") return refusal(404, "Not Found: method not found");
  const before = messages.get(body.message_id ?? 0);
  if (before === undefined) return refusal(400, "Bad Request: message to edit not found");
  if (before.text === body.text && JSON.stringify(before.reply_markup) === JSON.stringify(body.reply_markup)) {
    return refusal(
      400,
      "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
    );
  }
  return placed(messages, { id: body.message_id ?? 0, chat, body });
}

function placed(
  messages: Map<number, TelegramBody>,
  { id, chat, body }: { readonly id: number; readonly chat: number; readonly body: TelegramBody },
): StandInAnswer {
  messages.set(id, body);
  const result = { message_id: id, chat: { id: chat, type: "supergroup" }, date: 1_774_690_000, text: body.text };
  return { status: 200, body: JSON.stringify({ ok: true, result }) };
}

/** The tags that Telegram knows, which must be closed in order; and every other "<" or "&" is an error. */
function wrongWith({ text = "", parse_mode: mode, reply_markup: markup }: TelegramBody): string | null {
  let shown = text;
  if (mode === "HTML") {
    const open: string[] = [];
    for (const [, slash, tag = ""] of text.matchAll(/<(\/?)([^>]*)>/g)) {
      if (!/^(?:b|i|u|s|a|code|pre|blockquote)$/.test(tag))
        return `can't parse entities: Unsupported start tag "${tag}"`;
      if (slash === "") open.push(tag);
      else if (open.pop() !== tag) return "can't parse entities: Unmatched end tag";
    }
    shown = text.replaceAll(/<[^>]*>/g, "");
    if (open.length > 0 || shown.includes("<")) return "can't parse entities: Can't find end tag";
    shown = shown.replaceAll(/&(?:lt|gt|amp|quot);/g, "_");
  }
  if (shown.trim() === "") return "message text is empty";
  if (shown.length > 4_096) return "message is too long";
  for (const button of markup?.inline_keyboard.flat() ?? []) {
    if (button.text === "") return "Text buttons are unallowed in the inline keyboard";
    if (!/^https?:\/\/[^/]+\.[a-z]{2,}(?::\d+)?(?:\/|$)/.test(button.url)) {
      return `inline keyboard button URL '${button.url}' is invalid: Wrong HTTP URL`;
    }
  }
  return null;
}
