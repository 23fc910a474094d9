import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE } from "@midwatch/core";
import type { WebhookBody } from "@midwatch/protocol";
import { startReceiver, type Receiver } from "../testing/loopback-receiver.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { passTime, startTestServer, type TestOptions } from "../testing/test-server.ts";

function toOne(hook: Receiver, alerts: TestOptions["alerts"] = {}): TestOptions {
  const one = { type: "webhook", url: hook.url, allow_private: true };
  return { channels: { one }, alertsTo: ["one"], alerts: { gatherMs: 0, ...alerts } };
}

function sent(hook: Receiver): string[] {
  return hook.received.map(({ body }) => {
    const { type, thread, severity } = JSON.parse(body) as WebhookBody;
    return `${type} ${severity} ${thread}`;
  });
}

const dollar = 1_000_000;

test("what is said of a budget for all is one thread from the warning to its end, and no reminder comes after it", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock("2026-11-24T23:50:00Z");
  const budgets = { install: { usd_per_day: 1 * dollar }, tags: {} };
  await using midwatch = await startTestServer({ ...toOne(hook, { remindMs: MINUTE }), clock, budgets });
  await midwatch.beat({ agent: "bot", cost_usd: 0.9, tokens_used: 1, interval_s: 20_000 });
  await passTime(clock, midwatch, MINUTE);
  await midwatch.beat({ agent: "bot", cost_usd: 0.2, tokens_used: 1, interval_s: 20_000 });
  await passTime(clock, midwatch, MINUTE);
  const [near = "", ...more] = sent(hook);
  const thread = near.split(" ")[2];
  assert.match(near, /^incident\.opened warn budget_install_/);
  assert.deepEqual(more, [`incident.raised page ${thread}`, `incident.reminder page ${thread}`]);
  await passTime(clock, midwatch, 9 * MINUTE);
  await midwatch.beat({ agent: "bot", cost_usd: 0.01, tokens_used: 1, interval_s: 20_000 });
  await passTime(clock, midwatch, 10 * MINUTE);
  assert.deepEqual(sent(hook).slice(-1), [`incident.resolved page ${thread}`]);
  assert.deepEqual(await midwatch.watch.store.deskRows("thread:budget", 10), []);
});

test("raising a cap for all ends what was said of it, too", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock("2026-11-24T12:00:00Z");
  const budgets = { install: { usd_per_day: 1 * dollar }, tags: {} };
  await using midwatch = await startTestServer({ ...toOne(hook), clock, budgets });
  await midwatch.beat({ agent: "bot", cost_usd: 2, tokens_used: 1 });
  await midwatch.call("PATCH", "/api/v1/budgets/install", { body: { usd_per_day: 50 } });
  await passTime(clock, midwatch, MINUTE);
  const [opened = "", ...more] = sent(hook);
  assert.match(opened, /^incident\.opened page budget_install_/);
  assert.deepEqual(more, [`incident.resolved page ${opened.split(" ")[2]}`]);
});

test("forgetting an agent ends what was said of it: no reminder comes for what nobody watches", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toOne(hook, { remindMs: MINUTE }), clock });
  await midwatch.beat({ agent: "bot", interval_s: 60 });
  await passTime(clock, midwatch, 130_000);
  assert.deepEqual(sent(hook), ["incident.opened page inc_1"]);
  await midwatch.call("DELETE", "/api/v1/agents/bot");
  await passTime(clock, midwatch, MINUTE);
  assert.deepEqual(sent(hook).slice(1), ["incident.resolved page inc_1"]);
  await passTime(clock, midwatch, 5 * MINUTE);
  assert.equal(hook.received.length, 2);
  assert.deepEqual(await midwatch.watch.store.deskRows("thread:", 10), []);
});

test("agents that need each other hold nobody back when both are down", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  // What `dependencies: [{ agents: ["*"], on: [gateway, database] }]` says.
  const behind = { "*": ["gateway", "database"] };
  await using midwatch = await startTestServer({ ...toOne(hook, { behind }), clock });
  for (const agent of ["gateway", "database", "bot"]) {
    await midwatch.beat({ agent, interval_s: 60 });
    // Apart, so that they are no group.
    clock.advance(5_000);
  }
  await passTime(clock, midwatch, 4 * MINUTE);
  await passTime(clock, midwatch, MINUTE);
  const agents = hook.received.map(({ body }) => (JSON.parse(body) as WebhookBody).agent);
  assert.deepEqual(agents.toSorted(), ["database", "gateway"]);
});

test("a notice whose details cannot be shown is told without them, and holds up no other", async () => {
  await using hook = await startReceiver();
  await using midwatch = await startTestServer(toOne(hook));
  const at = midwatch.watch.clock.now();
  const about = {
    what: "opened",
    at,
    since: at,
    kind: "silent",
    severity: "page",
    title: "silent",
    text: "x",
    by: null,
  };
  // As a version to come might write it.
  const detail = { incident: { id: 1, numbers: { odd_ms: 1, odd: null }, title: "silent", text: "x" } };
  await midwatch.watch.store.addNotices([
    { key: "a", at, body: { ...about, thread: "inc_1", agent: "odd", host: null, tags: [], detail } },
    { key: "b", at, body: { ...about, thread: "inc_2", agent: "even", host: null, tags: [], detail: {} } },
  ]);
  midwatch.watch.desk.wake();
  await midwatch.watch.desk.idle();
  await midwatch.watch.delivery.idle();
  assert.deepEqual(sent(hook).toSorted(), ["incident.opened page inc_1", "incident.opened page inc_2"]);
});
