import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { pagerDutyKey, startPagerDuty, type PagerDutyInTest } from "../../testing/channels/pagerduty-in-test.ts";
import { createChannel } from "../create-channel.ts";

function open({ server }: PagerDutyInTest, settings: Readonly<Record<string, unknown>> = {}) {
  return openChannel({ type: "pagerduty", integration_key: pagerDutyKey, server, allow_private: true, ...settings });
}

const resolved: WebhookBody = { ...grouped, type: "incident.resolved", id: "group:7:over" };

test("a page is a critical incident with the numbers, the log, who it is about and where to go on", async () => {
  await using pagerDuty = await startPagerDuty();
  assert.deepEqual(await open(pagerDuty).send(grouped, never), { sent: true });
  assert.deepEqual(pagerDuty.open.get("group:7"), {
    routing_key: pagerDutyKey,
    event_action: "trigger",
    dedup_key: "group:7",
    payload: {
      summary: "3 agents silent since 03:12:00 UTC",
      source: "midwatch",
      timestamp: "2026-11-24T03:14:06.000Z",
      severity: "critical",
      class: "silent",
      custom_details: {
        "agents up": "2 of 5",
        "tokens today": "1,204,551",
        text: "At least half of the agents fell silent together.",
        log: "fetching page 3\nConnectionError: timed out",
        agents: `host-a (2):
  research-bot: silent since 03:12:00 UTC
  mail-bot: silent since 03:12:00 UTC
host-b (1):
  price-bot: silent since 03:12:00 UTC (recovered)`,
      },
    },
    links: [
      { href: "https://midwatch.example.org/act/a1", text: "Acknowledge" },
      { href: "https://midwatch.example.org/act/s1", text: "Silence for an hour" },
      { href: "https://midwatch.example.org/incidents/7", text: "Open in Midwatch" },
    ],
    client: "Midwatch",
    client_url: "https://midwatch.example.org/incidents/7",
  });
});

test("what is worse, reminded of or better known is the same incident, and its end resolves it", async () => {
  await using pagerDuty = await startPagerDuty();
  const channel = open(pagerDuty);
  assert.equal(channel.canUpdate, true);
  const warning = { ...grouped, severity: "warn" as const };
  await channel.send(warning, never);
  assert.equal(pagerDuty.open.get("group:7")?.payload?.severity, "warning");
  for (const type of ["incident.raised", "incident.reminder", "incident.updated"] as const)
    assert.equal((await channel.send({ ...grouped, type }, never)).sent, true);
  assert.deepEqual([...pagerDuty.open.keys()], ["group:7"]);
  assert.equal(pagerDuty.open.get("group:7")?.payload?.severity, "critical");
  assert.equal((await channel.send(resolved, never)).sent, true);
  assert.equal(pagerDuty.open.size, 0);
});

test("what somebody looks after is acknowledged there, too, and stays so when more becomes known", async () => {
  await using pagerDuty = await startPagerDuty();
  const channel = open(pagerDuty);
  assert.equal(channel.hearsAcknowledgements, true);
  await channel.send(grouped, never);
  assert.deepEqual(await channel.send(acknowledged, never), { sent: true });
  assert.deepEqual(JSON.parse(pagerDuty.receiver.received.at(-1)!.body), {
    routing_key: pagerDutyKey,
    event_action: "acknowledge",
    dedup_key: "group:7",
  });
  await channel.send({ ...acknowledged, type: "incident.updated" }, never);
  assert.deepEqual([...pagerDuty.acknowledged], ["group:7"]);
  await channel.send(resolved, never);
  assert.deepEqual(await channel.send(acknowledged, never), { sent: true }, "after its end it does nothing");
  assert.deepEqual([pagerDuty.open.size, pagerDuty.acknowledged.size], [0, 0]);
});

test("a message of the supervisor alone, which has no thread, is closed by its own recovery", async () => {
  await using pagerDuty = await startPagerDuty();
  const channel = open(pagerDuty);
  await channel.send(silent, never);
  assert.deepEqual([...pagerDuty.open.keys()], ["research-bot:silent"]);
  await channel.send({ ...silent, type: "incident.resolved", id: "another" }, never);
  assert.equal(pagerDuty.open.size, 0);
});

test("a report and a digest call nobody: they are changes, not incidents", async () => {
  await using pagerDuty = await startPagerDuty();
  for (const type of ["report.daily", "digest"] as const)
    assert.deepEqual(await open(pagerDuty).send({ ...silent, agent: null, type, severity: null }, never), {
      sent: true,
    });
  assert.equal(pagerDuty.open.size, 0);
  assert.equal(pagerDuty.changes.length, 2);
  assert.equal(pagerDuty.changes[0]?.payload?.summary, "silent since 03:12:00 UTC");
});

test("a test is an incident of the lowest severity, so that the whole way to a person is tried", async () => {
  await using pagerDuty = await startPagerDuty();
  await open(pagerDuty).send({ ...silent, type: "test", agent: null, id: "test_1", severity: "info" }, never);
  assert.equal(pagerDuty.open.get("test_1")?.payload?.severity, "info");
});

test("a message without an end fits", async () => {
  await using pagerDuty = await startPagerDuty();
  assert.deepEqual(await open(pagerDuty).send(endless, never), { sent: true });
});

test("a wrong key is final, says where to look, and is not repeated", async () => {
  await using pagerDuty = await startPagerDuty();
  const key = "f".repeat(32);
  const outcome = await open(pagerDuty, { integration_key: key }).send(silent, never);
  assert.deepEqual(outcome, {
    sent: false,
    retry: false,
    error: `${pagerDuty.host} answered 400: Event object is invalid: 'routing_key' is invalid or missing. Look at \`integration_key\`: is it of an integration “Events API V2”?`,
  });
  for (const body of [`no such key ${key}`, JSON.stringify({ message: `no key ${key}` })]) {
    pagerDuty.answerNext({ status: 400, body });
    assert.doesNotMatch(JSON.stringify(await open(pagerDuty, { integration_key: key }).send(silent, never)), /ffff/);
  }
});

test("too many events, a PagerDuty in trouble and a page of something in between are tried again", async () => {
  await using pagerDuty = await startPagerDuty();
  for (const answer of [
    { status: 429, body: "", headers: { "retry-after": "9" } },
    { status: 500, body: "" },
    { status: 200, body: "<html>Please sign in</html>" },
  ]) {
    pagerDuty.answerNext(answer);
    const outcome = await open(pagerDuty).send(silent, never);
    assert.ok(!outcome.sent && outcome.retry, JSON.stringify(outcome));
    if (answer.status === 429) assert.equal(outcome.retryAfterMs, 9_000);
  }
});

test("a key that was cut, and a region beside a server, are refused when the server starts, without repeating the key", () => {
  const config = { type: "pagerduty", integration_key: "hunter2", region: "eu", server: "https://events.example.org" };
  const made = createChannel("me", config, { stream: process.stdout, now: Date.now });
  assert.ok(!made.ok);
  assert.deepEqual(
    made.errors.map(({ path }) => path),
    ["channels.me.integration_key", "channels.me.server"],
  );
  assert.doesNotMatch(JSON.stringify(made.errors), /hunter2/);
});
