import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { opsgenieKey, startOpsgenie, type OpsgenieInTest } from "../../testing/channels/opsgenie-in-test.ts";
import { createChannel } from "../create-channel.ts";

function open({ server }: OpsgenieInTest, settings: Readonly<Record<string, unknown>> = {}) {
  return openChannel({ type: "opsgenie", key: opsgenieKey, server, allow_private: true, ...settings });
}

const resolved: WebhookBody = { ...grouped, type: "incident.resolved", title: "3 agents are back", id: "group:7:over" };

test("a page is an alert of P1 with everything a person needs", async () => {
  await using opsgenie = await startOpsgenie();
  assert.deepEqual(await open(opsgenie).send(grouped, never), { sent: true, receipt: "group:7" });
  assert.deepEqual(opsgenie.open.get("group:7")?.alert, {
    message: "3 agents silent since 03:12:00 UTC",
    alias: "group:7",
    description: `At least half of the agents fell silent together.

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
Silence for an hour: https://midwatch.example.org/act/s1
Open in Midwatch: https://midwatch.example.org/incidents/7`,
    source: "Midwatch",
    priority: "P1",
    tags: ["midwatch", "silent", "page"],
    details: { "agents up": "2 of 5", "tokens today": "1,204,551", kind: "silent" },
  });
});

test("a warning is P3, a note P5, and so are reports, digests and tests", async () => {
  await using opsgenie = await startOpsgenie();
  const messages: readonly WebhookBody[] = [
    { ...silent, severity: "warn", thread: "1" },
    { ...silent, severity: "info", thread: "2" },
    { ...silent, severity: null, type: "report.daily", id: "3" },
    { ...silent, severity: "warn", type: "digest", id: "4" },
    { ...silent, severity: "info", type: "test", id: "5" },
  ];
  for (const message of messages) assert.equal((await open(opsgenie).send(message, never)).sent, true);
  const priorities = [...opsgenie.open].map(([alias, { alert }]) => `${alias} ${alert.priority}`);
  assert.deepEqual(priorities, ["1 P3", "2 P5", "3 P5", "4 P5", "5 P5"]);
});

test("what becomes known later is a note on the alert, a reminder counts it up, and the end closes it", async () => {
  await using opsgenie = await startOpsgenie();
  const channel = open(opsgenie);
  assert.equal(channel.canUpdate, true);
  await channel.send(grouped, never);
  const update = { ...grouped, type: "incident.updated" as const, title: "4 agents silent" };
  assert.deepEqual(await channel.send(update, never, "group:7"), { sent: true });
  await channel.send({ ...grouped, type: "incident.reminder" }, never, "group:7");
  const { count, notes } = opsgenie.open.get("group:7")!;
  assert.equal(count, 2);
  assert.match(notes[0]!, /^4 agents silent\n/);
  assert.deepEqual(await channel.send(resolved, never, "group:7"), { sent: true });
  assert.equal(opsgenie.open.size, 0);
  assert.match(opsgenie.closed.get("group:7")!, /^3 agents are back\n/);
});

test("a warning that rises to a page calls somebody by an alert of its own, and both are closed at the end", async () => {
  await using opsgenie = await startOpsgenie();
  const channel = open(opsgenie);
  await channel.send({ ...grouped, severity: "warn" }, never);
  const raised = await channel.send({ ...grouped, type: "incident.raised" }, never, "group:7");
  assert.deepEqual(raised, { sent: true, receipt: "group:7:raised" });
  assert.equal(opsgenie.open.get("group:7:raised")?.alert.priority, "P1");
  await channel.send({ ...grouped, type: "incident.reminder" }, never, "group:7:raised");
  assert.deepEqual([...opsgenie.open.keys()], ["group:7", "group:7:raised"]);
  assert.deepEqual(await channel.send(resolved, never, "group:7:raised"), { sent: true });
  assert.equal(opsgenie.open.size, 0);
});

test("what somebody looks after is acknowledged there, too, in that person's name, with what rose from it", async () => {
  await using opsgenie = await startOpsgenie();
  const channel = open(opsgenie);
  assert.equal(channel.hearsAcknowledgements, true);
  await channel.send({ ...grouped, severity: "warn" }, never);
  await channel.send({ ...grouped, type: "incident.raised" }, never, "group:7");
  assert.deepEqual(await channel.send(acknowledged, never, "group:7:raised"), { sent: true });
  assert.deepEqual(
    [...opsgenie.open].map(([alias, { acknowledgedBy }]) => `${alias} ${acknowledgedBy}`),
    ["group:7 Ada", "group:7:raised Ada"],
  );
  assert.match(opsgenie.open.get("group:7")!.notes[0]!, /\nAcknowledged by Ada at 03:20:00 UTC/);
});

test("whoever looks after it, the end and the news are Midwatch's own, and a name without an end fits", async () => {
  await using opsgenie = await startOpsgenie();
  const channel = open(opsgenie);
  const by = "é".repeat(500);
  assert.equal(
    (await channel.send({ ...acknowledged, acknowledged: { by, at: acknowledged.at } }, never, "group:7")).sent,
    true,
  );
  for (const type of ["incident.updated", "incident.resolved"] as const)
    await channel.send({ ...acknowledged, type }, never, "group:7");
  const users = opsgenie.receiver.received.map(({ body }) => (JSON.parse(body) as { user?: string }).user);
  assert.deepEqual([users[0]?.length, users[1], users[2]], [100, undefined, undefined]);
});

test("an agent whose name has a slash is closed, too", async () => {
  await using opsgenie = await startOpsgenie();
  const channel = open(opsgenie);
  const named = { ...silent, agent: "team/bot ä" };
  const { receipt } = (await channel.send(named, never)) as { receipt: string };
  assert.equal((await channel.send({ ...named, type: "incident.resolved" }, never, receipt)).sent, true);
  assert.deepEqual([...opsgenie.closed.keys()], ["team/bot ä:silent"]);
});

test("a server below a path, such as that of Jira Service Management, is reached where it lives", async () => {
  await using opsgenie = await startOpsgenie("/jsm/ops/integration");
  assert.equal((await open(opsgenie).send(silent, never)).sent, true);
  assert.equal(opsgenie.receiver.received[0]?.path, "/jsm/ops/integration/v2/alerts");
});

test("a message without an end fits, as an alert and as a note", async () => {
  await using opsgenie = await startOpsgenie();
  const short = { ...endless, agent: "bot" };
  for (const message of [short, { ...short, type: "incident.updated" as const }])
    assert.equal((await open(opsgenie).send(message, never, "group:7")).sent, true);
});

test("a wrong key is final, says where to look, and is not repeated", async () => {
  await using opsgenie = await startOpsgenie();
  const key = "another-key-of-yesterday";
  assert.deepEqual(await open(opsgenie, { key }).send(silent, never), {
    sent: false,
    retry: false,
    error: `${opsgenie.host} answered 401: Could not authenticate. Look at \`key\`, and at \`region\`: a key of one region is unknown in the other`,
  });
  for (const body of [`no such key ${key}`, JSON.stringify({ message: `Key format is not valid: ${key}` })]) {
    opsgenie.answerNext({ status: 422, body });
    const outcome = await open(opsgenie, { key }).send(silent, never);
    assert.ok(!outcome.sent && !outcome.retry);
    assert.doesNotMatch(outcome.error, /another-key/);
  }
});

test("too many requests, an Opsgenie in trouble and a page of something in between are tried again", async () => {
  await using opsgenie = await startOpsgenie();
  for (const answer of [
    { status: 429, body: JSON.stringify({ message: "You are making too many requests!" }) },
    { status: 503, body: "" },
    { status: 200, body: "<html>Please sign in</html>" },
    { status: 202, body: "{}" },
  ]) {
    opsgenie.answerNext(answer);
    const outcome = await open(opsgenie).send(silent, never);
    assert.ok(!outcome.sent && outcome.retry, JSON.stringify(outcome));
  }
});

test("a region that does not exist and a key with a blank are refused when the server starts", () => {
  const made = createChannel(
    "me",
    { type: "opsgenie", key: "hunter 2", region: "mars" },
    { stream: process.stdout, now: Date.now },
  );
  assert.ok(!made.ok);
  assert.deepEqual(
    made.errors.map(({ path }) => path),
    ["channels.me.key", "channels.me.region"],
  );
  assert.doesNotMatch(JSON.stringify(made.errors), /hunter/);
});
