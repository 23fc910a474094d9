import assert from "node:assert/strict";
import test from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { startReceiver } from "../../testing/loopback-receiver.ts";

async function publish(message: WebhookBody, path = "/alerts-x7", token?: string) {
  await using server = await startReceiver();
  const url = `http://127.0.0.1:${server.port}${path}`;
  const channel = openChannel({ type: "ntfy", url, allow_private: true, ...(token === undefined ? {} : { token }) });
  assert.equal((await channel.send(message, never)).sent, true);
  const { path: posted, headers, body } = server.received[0]!;
  return { posted, headers, body: JSON.parse(body) as Record<string, unknown> };
}

test("a page goes to the topic with the highest priority, the agent first in its title", async () => {
  const { posted, body } = await publish(silent);
  assert.equal(posted, "/");
  assert.deepEqual(body, {
    topic: "alerts-x7",
    title: "research-bot: silent since 03:12:00 UTC",
    message: silent.text,
    priority: 5,
    tags: ["rotating_light", "silent"],
  });
});

test("a tap opens the page, and the actions are buttons that open theirs", async () => {
  const { body } = await publish(grouped);
  assert.equal(body["click"], "https://midwatch.example.org/incidents/7");
  assert.deepEqual(body["actions"], [
    { action: "view", label: "Acknowledge", url: "https://midwatch.example.org/act/a1" },
    { action: "view", label: "Silence for an hour", url: "https://midwatch.example.org/act/s1" },
  ]);
  assert.match(String(body["message"]), /\n\nagents up: 2 of 5\n[^]*\nhost-b \(1\):\n/);
  assert.doesNotMatch(String(body["message"]), /https:/);
});

test("of more than three actions, which ntfy refuses, the last ones stand in the text, however long that is", async () => {
  const actions = ["acknowledge", "silence", "restart", "resume"].map((action) => ({
    action: action as "acknowledge",
    label: action,
    url: `https://midwatch.example.org/${action}`,
  }));
  const { body } = await publish({ ...endless, actions });
  assert.equal((body["actions"] as unknown[]).length, 3);
  assert.match(String(body["message"]), /\nresume: https:\/\/midwatch\.example\.org\/resume$/);
  assert.ok(Buffer.byteLength(String(body["message"])) <= 4_000);
});

test("a recovery, a warning and a report do not ring like a page", async () => {
  const priorities = [
    { ...silent, type: "incident.resolved" as const },
    { ...silent, severity: "warn" as const },
    { ...silent, type: "report.daily" as const, severity: null },
  ].map(async (message) => (await publish(message)).body["priority"]);
  assert.deepEqual(await Promise.all(priorities), [3, 4, 3]);
});

test("a server below a path and with a token is reached where it lives", async () => {
  const { posted, headers } = await publish(silent, "/push/alerts-x7/", "tk_abc");
  assert.equal(posted, "/push/");
  assert.equal(headers.authorization, "Bearer tk_abc");
});

test("a long text is cut to what ntfy shows as a message, between characters, and says so", async () => {
  const { body } = await publish({ ...silent, text: "é🌊".repeat(3_000) });
  const message = String(body["message"]);
  assert.ok(Buffer.byteLength(message) <= 4_000);
  assert.match(message, /^(?:é🌊)+é?\n… \(cut; the dashboard has the rest\)$/u);
});

test("an empty text repeats the title, because ntfy would say just “triggered”", async () => {
  const { body } = await publish({ ...silent, text: "" });
  assert.equal(body["message"], "research-bot: silent since 03:12:00 UTC");
});

test("a change of what was told, as an end, does not ring through “do not disturb”", async () => {
  for (const type of ["incident.updated", "incident.resolved"] as const)
    assert.equal((await publish({ ...silent, type })).body["priority"], 3);
});
