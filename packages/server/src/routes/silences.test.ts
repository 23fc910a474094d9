import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE } from "@midwatch/core";
import type { ChannelView, ErrorBody, NotificationView, Page, SilenceView, WebhookBody } from "@midwatch/protocol";
import { startReceiver } from "../testing/loopback-receiver.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { passTime, startTestServer } from "../testing/test-server.ts";

const path = "/api/v1/silences";

test("what is silenced is told to nobody, and when the silence is ended what is still open is", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const channels = { me: { type: "webhook", url: hook.url, allow_private: true } };
  await using midwatch = await startTestServer({ clock, channels, alertsTo: ["me"] });
  const made = await midwatch.post<SilenceView>(path, { agents: ["bot-*"], for: "1h", reason: "a deploy", by: "ada" });
  assert.equal(made.status, 201);
  assert.deepEqual([made.body.agents, made.body.by, made.body.until], [["bot-*"], "ada", "2026-11-24T04:00:00.000Z"]);
  await midwatch.beat({ agent: "bot-1", interval_s: 60 });
  await midwatch.beat({ agent: "other", interval_s: 60 });
  await passTime(clock, midwatch, 10 * MINUTE);
  const told = (): (string | null)[] => hook.received.map(({ body }) => (JSON.parse(body) as WebhookBody).agent);
  assert.deepEqual(told(), ["other"]);
  const ended = await midwatch.call("DELETE", `${path}/${made.body.id}`);
  assert.equal(ended.status, 200);
  await passTime(clock, midwatch, MINUTE);
  assert.deepEqual(told(), ["other", "bot-1"]);
  assert.equal((await midwatch.call("DELETE", `${path}/${made.body.id}`)).status, 404);
});

test("a silence is there after a restart, and gone when it is over", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  await midwatch.post(path, { tags: ["prod"], for: "1h" });
  const listed = async () => (await midwatch.get<{ items: SilenceView[] }>(path)).body.items.length;
  assert.equal(await listed(), 1);
  await midwatch.watch.silences.reread();
  assert.equal(await listed(), 1);
  clock.advance(HOUR);
  assert.equal(await listed(), 0);
});

const refused: readonly (readonly [object, string, RegExp])[] = [
  [{ for: "1h" }, "agents", /must say what is meant/],
  [{ agents: ["a"] }, "for", /one of the two/],
  [{ agents: ["a"], for: "soon" }, "for", /duration|like|60s/],
  [{ agents: ["a"], for: "31d" }, "for", /within 30 d/],
  [{ agents: ["a"], until: "2020-01-01T00:00:00Z" }, "until", /later than now/],
  [{ agents: ["a"], until: "tomorrow" }, "until", /must be a time/],
  [{ kinds: ["quiet"], for: "1h" }, "kinds", /"quiet", which is no kind/],
];

for (const [body, field, says] of refused) {
  test(`${JSON.stringify(body)} is refused, and the field is named`, async () => {
    await using midwatch = await startTestServer({ clock: createTestClock() });
    const { status, body: answer } = await midwatch.post<ErrorBody>(path, body);
    assert.equal(status, 422);
    assert.equal(answer.error.details?.[0]?.path, field);
    assert.match(answer.error.message, says);
  });
}

test("a channel is tested at once, and says what the other side said", async () => {
  await using hook = await startReceiver();
  const channels = { me: { type: "webhook", url: hook.url, allow_private: true } };
  await using midwatch = await startTestServer({ channels, alertsTo: ["me"] });
  const works = await midwatch.post("/api/v1/channels/me/test", { by: "ada" });
  assert.deepEqual([works.status, works.body], [200, { ok: true, message: "me took the test message" }]);
  const { type, text } = JSON.parse(hook.received[0]?.body ?? "") as WebhookBody;
  assert.deepEqual([type, text.startsWith("ada asked for it.")], ["test", true]);
  hook.answerWith((response) => response.writeHead(403).end("no such hook"));
  const fails = await midwatch.post<{ ok: boolean; message: string }>("/api/v1/channels/me/test");
  assert.equal(fails.body.ok, false);
  assert.match(fails.body.message, /answered 403: no such hook/);
  const unknown = await midwatch.post<ErrorBody>("/api/v1/channels/you/test");
  assert.equal(unknown.status, 404);
  assert.match(unknown.body.error.message, /there are me/);
  assert.equal((await midwatch.call("POST", "/api/v1/channels/me/test", { key: midwatch.keys.read })).status, 403);
});

test("the delivery log shows every try, and a channel that failed for good is marked", async () => {
  await using hook = await startReceiver((response) => response.writeHead(404).end("gone"));
  const clock = createTestClock();
  const channels = { me: { type: "webhook", url: hook.url, allow_private: true } };
  await using midwatch = await startTestServer({ clock, channels, alertsTo: ["me"] });
  await midwatch.beat({ agent: "bot", interval_s: 60 });
  await passTime(clock, midwatch, 3 * MINUTE);
  const { items } = (await midwatch.get<Page<NotificationView>>("/api/v1/notifications?agent=bot&state=failed")).body;
  assert.equal(items.length, 1);
  assert.deepEqual([items[0]?.channel, items[0]?.type, items[0]?.state], ["me", "incident.opened", "failed"]);
  assert.match(items[0]?.attempts[0]?.error ?? "", /answered 404: gone/);
  const [me] = (await midwatch.get<{ items: ChannelView[] }>("/api/v1/channels")).body.items;
  assert.deepEqual([me?.type, me?.failed, me?.can_update], ["webhook", 1, false]);
  assert.match(me?.error ?? "", /answered 404/);
  assert.ok(me?.failing_since);
});

test("silences that have run out make room for others", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  const { silences } = midwatch.watch;
  const now = clock.now();
  for (let n = 0; n < 1_000; n += 1) {
    const draft = { match: {}, from: now, until: now + 60_000, reason: "", by: "a loop", createdAt: now };
    if (n < 999) await midwatch.watch.store.addSilence(draft);
    else await silences.add(draft);
  }
  assert.equal(silences.isFull, true);
  clock.advance(61_000);
  assert.equal(silences.isFull, false);
});
