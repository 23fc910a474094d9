import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "@midwatch/core";
import type { AgentView, IncidentView, Page, WebhookBody } from "@midwatch/protocol";
import { pagerDutyKey, startPagerDuty } from "../testing/channels/pagerduty-in-test.ts";
import { pushoverToken, pushoverUser, startPushover } from "../testing/channels/pushover-in-test.ts";
import { startTelegram, telegramChat, telegramToken } from "../testing/channels/telegram-in-test.ts";
import { startReceiver, type Receiver } from "../testing/loopback-receiver.ts";
import { batch } from "../testing/supervisor-calls.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { passTime, startTestServer, type TestOptions, type TestServer } from "../testing/test-server.ts";
import { alertDefaults } from "./alert-settings.ts";

function toBoth(hook: Receiver, alerts: TestOptions["alerts"] = {}): TestOptions {
  const channel = (name: string) => ({ type: "webhook", url: `${hook.url}/${name}`, allow_private: true });
  return { channels: { one: channel("one"), two: channel("two") }, alertsTo: ["one", "two"], alerts };
}

function sentTo(hook: Receiver, channel: string): WebhookBody[] {
  return hook.received
    .filter(({ path }) => path.endsWith(`/${channel}`))
    .map(({ body }) => JSON.parse(body) as WebhookBody);
}

test("a thousand agents silent at once are one message per channel within five seconds, and beats go on", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  // Gathering as it is without any settings.
  await using midwatch = await startTestServer({ ...toBoth(hook), alerts: {}, clock });
  const names = Array.from({ length: 1_000 }, (_, n) => `bot-${String(n).padStart(4, "0")}`);
  const beats = names.map((agent) => ({ agent, tokens_used: 1, interval_s: 60 }));
  await midwatch.post("/api/v1/heartbeats", { beats });
  await midwatch.beat({ agent: "lively", tokens_used: 1, interval_s: 600 });

  // The second beat is missed after two intervals and the grace of 6 s.
  await passTime(clock, midwatch, 126 * SECOND);
  assert.equal(hook.received.length, 0);
  await passTime(clock, midwatch, 5 * SECOND);
  for (const channel of ["one", "two"]) {
    const [common, ...more] = sentTo(hook, channel);
    assert.deepEqual(more, [], `${channel} gets one`);
    assert.equal(common?.title, "probable common cause: 1,000 of 1,001 agents fell silent together");
    assert.equal(common.severity, "page");
    assert.deepEqual(common.members.map(({ agent }) => agent).toSorted(), names);
  }

  const { status, body } = await midwatch.beat({ agent: "lively", tokens_used: 1, interval_s: 600 });
  assert.deepEqual([status, body.state], [200, "up"]);
  const open = await midwatch.get<Page<IncidentView>>("/api/v1/incidents?open=true&limit=500");
  assert.equal(open.body.items.length, 500, "each has its own incident");

  await midwatch.post("/api/v1/heartbeats", { beats });
  await passTime(clock, midwatch, 5 * SECOND);
  const [, back, ...after] = sentTo(hook, "one");
  assert.equal(back?.title, "all 1,000 agents are beating again");
  assert.deepEqual(after, []);
  assert.equal((await midwatch.get<AgentView>("/api/v1/agents/bot-0999")).body.state, "up");
});

test("an agent is told of on the first channel at once and on the second when nobody acknowledges", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const steps = [
    { afterMs: 0, to: ["one"] },
    { afterMs: 15 * MINUTE, to: ["two"] },
  ];
  const alerts = { gatherMs: 0, routes: [{ match: { agents: ["bot-*"] }, steps }] };
  await using midwatch = await startTestServer({ ...toBoth(hook, alerts), clock });
  await midwatch.beat({ agent: "bot-1", interval_s: 60 });
  await midwatch.beat({ agent: "bot-2", interval_s: 60 });
  await passTime(clock, midwatch, 3 * MINUTE);
  const told = sentTo(hook, "one").map(({ agent }) => agent);
  assert.deepEqual(told.toSorted(), ["bot-1", "bot-2"]);
  const { items } = (await midwatch.get<Page<IncidentView>>("/api/v1/incidents?open=true")).body;
  const first = items.find(({ agent }) => agent === "bot-1");
  await midwatch.post(`/api/v1/incidents/${first?.id}/ack`, { by: "ada" });
  await passTime(clock, midwatch, 20 * MINUTE);
  assert.deepEqual(
    sentTo(hook, "two").map(({ agent, type }) => `${agent} ${type}`),
    ["bot-2 incident.opened"],
  );
});

test("what an agent let slip is taken out of what is told", async () => {
  await using hook = await startReceiver();
  await using midwatch = await startTestServer(toBoth(hook, { gatherMs: 0 }));
  for (let n = 0; n < 3; n += 1) {
    await midwatch.beat({ agent: "bot", status: "error", message: "401 for key sk-live-abcdef0123456789" });
  }
  await hook.arrived(2);
  const [opened] = sentTo(hook, "one");
  assert.match(opened?.text ?? "", /401 for key \[redacted\]/);
  assert.ok(!JSON.stringify(hook.received).includes("abcdef0123456789"));
});

test("what a run wrote last comes with the message about its end, without what it let slip", async () => {
  await using hook = await startReceiver();
  await using midwatch = await startTestServer(toBoth(hook, { gatherMs: 0 }));
  const at = Date.now();
  const last_lines = ["reading page 3", "", "key sk-live-abcdef0123456789 was refused", "Error: boom"];
  const exit = { code: 3, signal: null, stopped_for: null, oom: null, last_lines };
  await batch(midwatch, at, [
    { n: 1, received_at: at, beat: { agent: "kept", run_id: "r1", seq: 0 } },
    { n: 2, fact: { type: "exited", at, agent: "kept", run_id: "r1", exit } },
  ]);
  await hook.arrived(2);
  assert.deepEqual(sentTo(hook, "one")[0]?.log, ["reading page 3", "key [redacted] was refused", "Error: boom"]);
});

test("the numbers behind a decision come with it, named for people", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toBoth(hook, { gatherMs: 0 }), clock });
  await midwatch.beat({ agent: "bot", interval_s: 60 });
  await passTime(clock, midwatch, 3 * MINUTE);
  const facts = Object.fromEntries((sentTo(hook, "one")[0]?.facts ?? []).map(({ label, value }) => [label, value]));
  assert.equal(facts["interval"], "1 min");
  assert.equal(facts["missed"], "2");
});

test("what one channel can't take holds up neither the other nor a beat", async () => {
  await using hook = await startReceiver((response, { path }) => {
    // The first one hangs for ever.
    if (path.endsWith("/two")) response.end("ok");
  });
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toBoth(hook, { ...alertDefaults, gatherMs: 0 }), clock });
  const names = Array.from({ length: 40 }, (_, n) => `bot-${n}`);
  // One by one, so that nothing is grouped.
  for (const agent of names) {
    await midwatch.beat({ agent, interval_s: 60 });
    clock.advance(SECOND);
  }
  for (let passed = 0; passed < 200; passed += 1) {
    clock.advance(SECOND);
    await midwatch.watch.sweeper.turn();
    midwatch.watch.desk.wake();
    await midwatch.watch.desk.idle();
  }
  while (sentTo(hook, "two").length === 0) await hook.arrived(hook.received.length + 1);
  assert.equal((await midwatch.beat({ agent: "bot-1", interval_s: 60 })).status, 200);
  assert.ok(sentTo(hook, "one").length <= 4, "it fills its own few places and nobody else's");
});

async function firstIncident(midwatch: TestServer): Promise<number> {
  const { items } = (await midwatch.get<Page<IncidentView>>("/api/v1/incidents?open=true")).body;
  return items[0]?.id ?? 0;
}

test("an acknowledgement quiets the phone, reaches the service on call, and shows in the chat, once and without a new message", async () => {
  await using pagerDuty = await startPagerDuty();
  await using pushover = await startPushover();
  await using telegram = await startTelegram();
  await using mail = await startReceiver();
  const clock = createTestClock();
  const at = ({ server }: { readonly server: string }) => ({ server, allow_private: true });
  const channels = {
    oncall: { type: "pagerduty", integration_key: pagerDutyKey, ...at(pagerDuty) },
    phone: { type: "pushover", token: pushoverToken, user: pushoverUser, ...at(pushover) },
    chat: { type: "telegram", token: telegramToken, chat: telegramChat, ...at(telegram) },
    push: { type: "ntfy", url: mail.url, allow_private: true },
  };
  const publicUrl = "https://midwatch.example.org";
  await using midwatch = await startTestServer({ channels, alertsTo: Object.keys(channels), publicUrl, clock });
  await midwatch.beat({ agent: "bot", interval_s: 60 });
  await passTime(clock, midwatch, 3 * MINUTE);
  const thread = `inc_${await firstIncident(midwatch)}`;
  const buttons = (): string[] => {
    const { inline_keyboard: rows } = telegram.messages.get(1)?.reply_markup ?? { inline_keyboard: [] };
    return rows.flat().map(({ text }) => text);
  };
  assert.deepEqual([...pagerDuty.open.keys()], [thread]);
  assert.deepEqual([pushover.ringing.size, mail.received.length], [1, 1]);
  assert.ok(buttons().includes("Acknowledge"));

  for (const by of ["ada", "bob"])
    await midwatch.post(`/api/v1/incidents/${await firstIncident(midwatch)}/ack`, { by });
  await passTime(clock, midwatch, 5 * SECOND);
  assert.deepEqual([...pagerDuty.acknowledged], [thread]);
  assert.deepEqual([pushover.ringing.size, pushover.messages.length], [0, 1]);
  assert.match(telegram.messages.get(1)?.text ?? "", /\nAcknowledged by ada at \d\d:\d\d:\d\d UTC: /);
  assert.ok(!buttons().includes("Acknowledge"));
  assert.deepEqual([telegram.messages.size, mail.received.length], [1, 1]);
  assert.equal(pagerDuty.receiver.received.length, 2);
});

test("an acknowledgement that comes while the first message still waits is told after it", async () => {
  await using hook = await startReceiver((response) => response.writeHead(503).end());
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toBoth(hook, { gatherMs: 0 }), clock });
  await midwatch.beat({ agent: "bot", interval_s: 60 });
  await passTime(clock, midwatch, 3 * MINUTE);
  await midwatch.post(`/api/v1/incidents/${await firstIncident(midwatch)}/ack`, { by: "ada" });
  await passTime(clock, midwatch, 2 * SECOND);
  assert.ok(sentTo(hook, "one").every(({ type }) => type === "incident.opened"));
  const before = sentTo(hook, "one").length;
  hook.answerWith((response) => response.end("ok"));
  clock.advance(10 * MINUTE);
  midwatch.watch.delivery.wake();
  await midwatch.watch.delivery.idle();
  // The jump of the clock is told of, too, as a gap in the server's own sight.
  const after = sentTo(hook, "one")
    .slice(before)
    .filter(({ agent }) => agent === "bot");
  assert.deepEqual(
    after.map(({ type, acknowledged }) => `${type} ${acknowledged?.by ?? "nobody"}`),
    ["incident.opened nobody", "incident.acknowledged ada"],
  );
  assert.equal(after[1]?.incident?.acknowledged?.by, "ada");
});
