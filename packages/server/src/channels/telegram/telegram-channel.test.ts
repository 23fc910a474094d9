import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { createChannel } from "../create-channel.ts";
import {
  refusal,
  startTelegram,
  telegramChat,
  telegramToken,
  type TelegramInTest,
} from "../../testing/channels/telegram-in-test.ts";

function open(telegram: TelegramInTest, settings: Readonly<Record<string, unknown>> = {}) {
  const { server } = telegram;
  const config = { type: "telegram", token: telegramToken, chat: telegramChat, server, allow_private: true };
  return openChannel({ ...config, ...settings });
}

async function written(message: WebhookBody, settings: Readonly<Record<string, unknown>> = {}) {
  await using telegram = await startTelegram();
  const outcome = await open(telegram, settings).send(message, never);
  assert.equal(outcome.sent, true, JSON.stringify(outcome));
  assert.equal(telegram.receiver.received.length, 1);
  return telegram.messages.get(1)!;
}

test("a page reads: what, the words, the numbers, the log, who, and buttons to press", async () => {
  assert.deepEqual(await written(grouped), {
    chat_id: String(telegramChat),
    disable_notification: false,
    text: `🚨 <b>3 agents silent since 03:12:00 UTC</b>
At least half of the agents fell silent together.

agents up: <b>2 of 5</b>
tokens today: <b>1,204,551</b>

<pre>fetching page 3
ConnectionError: timed out</pre>

host-a (2):
  research-bot: silent since 03:12:00 UTC
  mail-bot: silent since 03:12:00 UTC
host-b (1):
  price-bot: silent since 03:12:00 UTC (recovered)`,
    parse_mode: "HTML",
    link_preview_options: { is_disabled: true },
    reply_markup: {
      inline_keyboard: [
        [
          { text: "Acknowledge", url: "https://midwatch.example.org/act/a1" },
          { text: "Silence for an hour", url: "https://midwatch.example.org/act/s1" },
        ],
        [{ text: "Open in Midwatch", url: "https://midwatch.example.org/incidents/7" }],
      ],
    },
  });
});

test("a page and a warning ring, a recovery and a report arrive without a sound", async () => {
  const quiet = [
    silent,
    { ...silent, severity: "warn" as const },
    { ...silent, type: "test" as const, severity: null },
    { ...silent, type: "incident.resolved" as const },
    { ...silent, type: "incident.resolved" as const, severity: "warn" as const },
    { ...silent, type: "report.daily" as const, severity: null },
  ].map(async (message) => (await written(message)).disable_notification);
  assert.deepEqual(await Promise.all(quiet), [false, false, false, true, true, true]);
});

test("what an agent wrote is neither markup nor a call to a person", async () => {
  const { text } = await written({
    ...silent,
    title: "<b>x</b> & y",
    text: "</pre><a href='https://evil.example'>@everybody</a>",
  });
  assert.equal(
    text,
    "🚨 <b>research-bot: &lt;b&gt;x&lt;/b&gt; &amp; y</b>\n&lt;/pre&gt;&lt;a href='https://evil.example'&gt;@\u2060everybody&lt;/a&gt;",
  );
});

test("a report keeps its columns", async () => {
  const { text } = await written({
    ...silent,
    agent: null,
    type: "report.daily",
    title: "Tuesday",
    text: "a  <b\nc  d",
  });
  assert.equal(text, "🚨 <b>Tuesday</b>\n<pre>a  &lt;b\nc  d</pre>".replace("🚨", "📋"));
});

test("a message without an end is shortened to what Telegram shows, buttons kept", async () => {
  const { reply_markup: markup } = await written(endless);
  assert.equal(markup!.inline_keyboard.flat().length, 3);
});

test("a link to a machine without a public name stands in the text, because Telegram refuses such a button", async () => {
  const { text, reply_markup: markup } = await written({ ...silent, url: "http://localhost:4004/agents/research-bot" });
  assert.match(text!, /\n\nOpen in Midwatch: http:\/\/localhost:4004\/agents\/research-bot$/);
  assert.equal(markup, undefined);
});

test("a topic of a group is written to by its number, whether YAML made it a number or not", async () => {
  assert.equal((await written(silent, { thread_id: 42 })).message_thread_id, 42);
  assert.equal((await written(silent, { thread_id: "42", chat: String(telegramChat) })).message_thread_id, 42);
});

test("an update changes the message that was sent, and the same words twice are a success", async () => {
  await using telegram = await startTelegram();
  const channel = open(telegram);
  assert.equal(channel.canUpdate, true);
  const first = await channel.send(grouped, never);
  assert.deepEqual(first, { sent: true, receipt: `${telegramChat}:1` });
  const update = { ...grouped, type: "incident.updated" as const, title: "4 agents silent" };
  for (const attempt of [1, 2]) {
    assert.deepEqual(await channel.send(update, never, `${telegramChat}:1`), first, `try ${attempt}`);
  }
  assert.equal(telegram.messages.size, 1);
  assert.match(telegram.messages.get(1)!.text!, /4 agents silent/);
});

test("an update of a message that is gone, or that has no receipt, is a message of its own", async () => {
  await using telegram = await startTelegram();
  const update = { ...grouped, type: "incident.updated" as const };
  const outcome = await open(telegram).send(update, never, `${telegramChat}:99`);
  assert.deepEqual(outcome, { sent: true, receipt: `${telegramChat}:1` });
  assert.equal((await open(telegram).send(update, never, "of another channel")).sent, true);
  assert.equal((await open(telegram).send(update, never, null)).sent, true);
  assert.equal(telegram.messages.size, 3);
});

test("an acknowledgement changes the message that was sent: who has taken it, and nothing left to acknowledge", async () => {
  await using telegram = await startTelegram();
  const channel = open(telegram);
  assert.equal(channel.hearsAcknowledgements, true);
  const first = await channel.send(grouped, never);
  for (const attempt of [1, 2])
    assert.deepEqual(await channel.send(acknowledged, never, `${telegramChat}:1`), first, `try ${attempt}`);
  assert.equal(telegram.messages.size, 1);
  const { text, reply_markup: markup } = telegram.messages.get(1)!;
  assert.match(text!, /^👀 <b>3 agents silent since 03:12:00 UTC<\/b>\nAcknowledged by Ada at 03:20:00 UTC: /);
  assert.deepEqual(
    markup!.inline_keyboard.flat().map((button) => button.text),
    ["Silence for an hour", "Open in Midwatch"],
  );
});

test("an acknowledgement is never a message of its own: not without a receipt, not where the message is gone", async () => {
  await using telegram = await startTelegram();
  const channel = open(telegram);
  for (const receipt of [null, "of another channel", `${telegramChat}:99`])
    assert.deepEqual(await channel.send(acknowledged, never, receipt), { sent: true });
  assert.equal(telegram.messages.size, 0);
});

test("an acknowledgement whose look Telegram refuses is said in plain words, and one it has no time for waits", async () => {
  await using telegram = await startTelegram();
  const channel = open(telegram);
  await channel.send(grouped, never);
  telegram.answerNext(refusal(400, "Bad Request: can't parse entities"));
  assert.equal((await channel.send(acknowledged, never, `${telegramChat}:1`)).sent, true);
  assert.equal(telegram.messages.get(1)!.parse_mode, undefined);
  telegram.answerNext(refusal(429, "Too Many Requests: retry after 5", { retry_after: 5 }));
  const outcome = await channel.send(acknowledged, never, `${telegramChat}:1`);
  assert.ok(!outcome.sent && outcome.retry);
  assert.equal(telegram.messages.size, 1);
});

test("a group that became a supergroup is followed to its new number, once", async () => {
  await using telegram = await startTelegram();
  const channel = open(telegram);
  telegram.migrate(-1_009_999_999_999);
  assert.deepEqual(await channel.send(silent, never), { sent: true, receipt: "-1009999999999:1" });
  assert.equal((await channel.send(silent, never)).sent, true);
  assert.equal(telegram.receiver.received.length, 3);
});

test("a message that Telegram refuses for its markup or a button is sent again as plain words", async () => {
  await using telegram = await startTelegram();
  telegram.answerNext(refusal(400, "Bad Request: BUTTON_URL_INVALID"));
  assert.equal((await open(telegram).send(grouped, never)).sent, true);
  const { text, parse_mode: mode, reply_markup: markup } = telegram.messages.get(1)!;
  assert.deepEqual([mode, markup], [undefined, undefined]);
  assert.match(text!, /^🚨 3 agents silent since[^]*Acknowledge: https:\/\/midwatch\.example\.org\/act\/a1/);
});

test("a rate limit waits at least as long as Telegram says, whatever status it comes with", async () => {
  await using telegram = await startTelegram();
  const limit = refusal(429, "Too Many Requests: retry after 35", { retry_after: 35 });
  for (const trouble of [limit, { ...limit, status: 200 }]) {
    telegram.answerNext(trouble);
    assert.deepEqual(await open(telegram).send(silent, never), {
      sent: false,
      retry: true,
      error: `${telegram.host} answered 429: Too Many Requests: retry after 35`,
      retryAfterMs: 35_000,
    });
  }
});

test("a wrong token is final, and its error does not hold the token even where the answer repeats it", async () => {
  await using telegram = await startTelegram();
  const token = "123456789:AAH-this-is-another-token-of-yesterday";
  const wrong = await open(telegram, { token }).send(silent, never);
  assert.deepEqual(wrong, {
    sent: false,
    retry: false,
    error: `${telegram.host} answered 401: Unauthorized. The \`token\` is wrong or was replaced: ask BotFather for it with /token`,
  });
  for (const body of [`Cannot POST /bot${token}/sendMessage`, refusal(404, `no bot ${token}`).body]) {
    telegram.answerNext({ status: 404, body });
    const outcome = await open(telegram, { token }).send(silent, never);
    assert.ok(!outcome.sent && !outcome.retry);
    assert.doesNotMatch(outcome.error, /another-token/);
  }
});

test("a chat that the bot is not in is final, and says where to look", async () => {
  await using telegram = await startTelegram();
  const outcome = await open(telegram, { chat: 4_711 }).send(silent, never);
  assert.ok(!outcome.sent && !outcome.retry);
  assert.match(outcome.error, /400: Bad Request: chat not found\. Look at `chat`/);
  telegram.answerNext(refusal(403, "Forbidden: bot was kicked from the supergroup chat"));
  const kicked = await open(telegram).send(silent, never);
  assert.ok(!kicked.sent && !kicked.retry);
});

test("a Telegram in trouble, and a page of something in between, are tried again", async () => {
  await using telegram = await startTelegram();
  for (const trouble of [refusal(502, "Bad Gateway"), { status: 200, body: "<html>Please sign in</html>" }]) {
    telegram.answerNext(trouble);
    const outcome = await open(telegram).send(silent, never);
    assert.ok(!outcome.sent && outcome.retry, JSON.stringify(outcome));
  }
});

test("a token, a chat and a topic that cannot be right are refused when the server starts, without repeating the token", () => {
  const config = { type: "telegram", token: "hunter2", chat: "my group", thread_id: "general" };
  const made = createChannel("me", config, { stream: process.stdout, now: Date.now });
  assert.ok(!made.ok);
  assert.deepEqual(
    made.errors.map(({ path }) => path),
    ["channels.me.token", "channels.me.chat", "channels.me.thread_id"],
  );
  assert.doesNotMatch(JSON.stringify(made.errors), /hunter2/);
});
