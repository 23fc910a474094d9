import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import {
  pushoverToken,
  pushoverUser,
  refusal,
  startPushover,
  type PushoverInTest,
} from "../../testing/channels/pushover-in-test.ts";
import { createChannel } from "../create-channel.ts";

function open({ server }: PushoverInTest, settings: Readonly<Record<string, unknown>> = {}) {
  const config = { type: "pushover", token: pushoverToken, user: pushoverUser, server, allow_private: true };
  return openChannel({ ...config, ...settings });
}

async function pushed(message: WebhookBody, settings: Readonly<Record<string, unknown>> = {}) {
  await using pushover = await startPushover();
  const outcome = await open(pushover, settings).send(message, never);
  assert.equal(outcome.sent, true, JSON.stringify(outcome));
  return pushover.messages[0]!;
}

const resolved: WebhookBody = { ...grouped, type: "incident.resolved", id: "group:7:over" };

test("a page is an emergency that rings every minute for an hour, with the page as its link", async () => {
  const { tags, ...fields } = await pushed(grouped, { device: "phone,tablet" });
  assert.match(tags!, /^midwatch-[0-9a-f]{24}$/);
  assert.deepEqual(fields, {
    token: pushoverToken,
    user: pushoverUser,
    device: "phone,tablet",
    title: "🚨 3 agents silent since 03:12:00 UTC",
    message: `At least half of the agents fell silent together.

agents up: 2 of 5
tokens today: 1,204,551

Last lines of the log:
  fetching page 3
  ConnectionError: timed out

host-a (2):
  research-bot: silent since 03:12:00 UTC
  mail-bot: silent since 03:12:00 UTC
host-b (1):
  price-bot: silent since 03:12:00 UTC (recovered)

Acknowledge: https://midwatch.example.org/act/a1
Silence for an hour: https://midwatch.example.org/act/s1`,
    url: "https://midwatch.example.org/incidents/7",
    url_title: "Open in Midwatch",
    timestamp: "1795490046",
    priority: "2",
    retry: "60",
    expire: "3600",
    html: "0",
  });
});

test("only a page that begins, rises or is repeated is an emergency; notes and reports make no sound", async () => {
  const priorities = [
    { ...silent, type: "incident.raised" as const },
    { ...silent, type: "incident.reminder" as const },
    { ...silent, severity: "warn" as const },
    { ...silent, type: "test" as const, severity: "info" as const },
    { ...silent, severity: "info" as const },
    { ...silent, type: "report.daily" as const, severity: null },
    { ...silent, type: "digest" as const, severity: "page" as const },
  ].map(async (message) => (await pushed(message))["priority"]);
  assert.deepEqual(await Promise.all(priorities), ["2", "2", "0", "0", "-1", "-1", "-1"]);
});

test("the recovery calls off every emergency of its incident, no other one, and is told itself", async () => {
  await using pushover = await startPushover();
  const channel = open(pushover);
  const first = await channel.send(grouped, never);
  assert.ok(first.sent && pushover.ringing.has(first.receipt!));
  await channel.send({ ...grouped, type: "incident.reminder" }, never);
  await channel.send({ ...grouped, thread: "another" }, never);
  assert.equal(pushover.ringing.size, 3);
  assert.deepEqual(await channel.send(resolved, never), { sent: true });
  assert.equal(pushover.ringing.size, 1);
  assert.deepEqual(
    [pushover.messages.at(-1)!["priority"], pushover.messages.at(-1)!["title"]!.slice(0, 1)],
    ["0", "✅"],
  );
});

test("a phone stops ringing when somebody looks after it, and is not rung to say so", async () => {
  await using pushover = await startPushover();
  const channel = open(pushover);
  assert.equal(channel.hearsAcknowledgements, true);
  await channel.send(grouped, never);
  await channel.send({ ...grouped, thread: "another" }, never);
  assert.deepEqual(await channel.send(acknowledged, never), { sent: true });
  assert.deepEqual([pushover.ringing.size, pushover.messages.length], [1, 2]);
  assert.deepEqual(await channel.send(acknowledged, never), { sent: true }, "a second time does no harm");
  const { length } = pushover.receiver.received;
  assert.deepEqual(await channel.send({ ...acknowledged, severity: "warn" }, never), { sent: true });
  assert.equal(pushover.receiver.received.length, length, "a warning does not ring on");
});

test("a phone that could not be quieted is told of as what it is", async () => {
  await using pushover = await startPushover();
  pushover.answerNext({ status: 502, body: "" });
  const outcome = await open(pushover).send(acknowledged, never);
  assert.ok(!outcome.sent && outcome.retry);
  pushover.answerNext(refusal("application token is invalid"));
  const error = `${pushover.host} answered 400: application token is invalid`;
  assert.deepEqual(await open(pushover).send(acknowledged, never), { sent: false, retry: false, error });
});

test("an emergency that could not be called off is tried again, and one that may not be hides no recovery", async () => {
  await using pushover = await startPushover();
  const channel = open(pushover);
  pushover.answerNext({ status: 502, body: "" });
  const outcome = await channel.send(resolved, never);
  assert.ok(!outcome.sent && outcome.retry);
  assert.equal(pushover.messages.length, 0);
  pushover.answerNext(refusal("tag is unknown"));
  assert.deepEqual(await channel.send(resolved, never), { sent: true });
  assert.equal(pushover.messages.length, 1);
});

test("a message without an end fits, also where the links alone would fill it", async () => {
  assert.ok((await pushed(endless))["message"]!.includes("https://midwatch.example.org/act/s1"));
  const actions = ["acknowledge", "silence", "restart"].map((action) => ({
    action: action as "acknowledge",
    label: action,
    url: `https://midwatch.example.org/${action}/${"x".repeat(440)}`,
  }));
  const message = (await pushed({ ...endless, actions }))["message"]!;
  assert.match(message, /acknowledge: https:\S+x$/);
});

test("what an agent wrote is no markup, and an empty text says the title again", async () => {
  const { html, message } = await pushed({ ...silent, text: "" });
  assert.deepEqual([html, message], ["0", "research-bot: silent since 03:12:00 UTC"]);
});

test("a wrong token, user or device is final, in Pushover's words and without the keys", async () => {
  await using pushover = await startPushover();
  const other = "x".repeat(30);
  for (const [settings, words] of [
    [{ token: other }, "application token is invalid"],
    [{ user: other }, "user identifier is not a valid user, group, or subscribed user key"],
    [{ device: "watch" }, "device name is not valid for user"],
  ] as const) {
    const error = `${pushover.host} answered 400: ${words}`;
    assert.deepEqual(await open(pushover, settings).send(silent, never), { sent: false, retry: false, error });
  }
  for (const answer of [
    refusal(`no user ${pushoverUser}`),
    refusal(`no user ${pushoverUser}`, 200),
    { status: 403, body: pushoverToken },
  ]) {
    pushover.answerNext(answer);
    const outcome = await open(pushover).send(silent, never);
    assert.ok(!outcome.sent && !outcome.retry, JSON.stringify(outcome));
    assert.ok(!outcome.error.includes(pushoverUser) && !outcome.error.includes(pushoverToken), outcome.error);
  }
});

test("a used-up month, a Pushover in trouble and a page of something in between are tried again", async () => {
  await using pushover = await startPushover();
  for (const answer of [
    refusal("application is over its limit", 429),
    { status: 500, body: "" },
    { status: 200, body: "<html>Please sign in</html>" },
  ]) {
    pushover.answerNext(answer);
    const outcome = await open(pushover).send(silent, never);
    assert.ok(!outcome.sent && outcome.retry, JSON.stringify(outcome));
  }
});

test("keys that were cut and a device that cannot be are refused when the server starts, without repeating the keys", () => {
  const config = { type: "pushover", token: "hunter2", user: "hunter3", device: "my phone" };
  const made = createChannel("me", config, { stream: process.stdout, now: Date.now });
  assert.ok(!made.ok);
  assert.deepEqual(
    made.errors.map(({ path }) => path),
    ["channels.me.token", "channels.me.user", "channels.me.device"],
  );
  assert.doesNotMatch(JSON.stringify(made.errors), /hunter/);
});
