import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSettings, MINUTE, SECOND } from "@midwatch/core";
import {
  parseBeat,
  type AgentView,
  type BeatAnswer,
  type ErrorBody,
  type IncidentView,
  type Page,
  type WebhookBody,
} from "@midwatch/protocol";
import { startReceiver, type Receiver } from "./testing/loopback-receiver.ts";
import { createTestClock } from "./testing/test-clock.ts";
import { passTime, startTestServer, type TestOptions } from "./testing/test-server.ts";

function toHook(hook: Receiver): TestOptions {
  return { channels: { me: { type: "webhook", url: hook.url, allow_private: true } }, alertsTo: ["me"] };
}

function messagesOf(hook: Receiver): WebhookBody[] {
  return hook.received.map(({ body }) => JSON.parse(body) as WebhookBody);
}

test("a home-made beat of four fields registers its agent", async () => {
  await using midwatch = await startTestServer();
  const ts = Date.now() / 1_000;
  const { status, body } = await midwatch.beat({ agent: "my-agent", status: "ok", tokens_used: 1_840, ts });
  assert.equal(status, 200);
  assert.deepEqual(
    { ...body, next_beat_by: null },
    {
      ok: true,
      agent: "my-agent",
      agent_id: 1,
      state: "up",
      directive: "continue",
      reason: null,
      next_beat_by: null,
      warning: null,
    },
  );
  const { body: agent } = await midwatch.get<AgentView>("/api/v1/agents/my-agent?beats=10");
  assert.equal(agent.state, "up");
  assert.equal(agent.tokens_total, 1_840);
  assert.equal(agent.recent?.length, 1);
  const { body: list } = await midwatch.get<Page<AgentView>>("/api/v1/agents");
  assert.deepEqual(
    list.items.map(({ name }) => name),
    ["my-agent"],
  );
});

test("an agent silent for two intervals is told of once, and its return with the length of the outage", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toHook(hook), clock });
  await midwatch.beat({ agent: "quiet", tokens_used: 10, interval_s: 60 });
  await passTime(clock, midwatch, 125 * SECOND);
  assert.equal(hook.received.length, 0, "two intervals are not over before the grace is");
  await passTime(clock, midwatch, 10 * MINUTE);
  await hook.arrived(1);
  await midwatch.beat({ agent: "quiet", tokens_used: 10, interval_s: 60 });
  await hook.arrived(2);
  await midwatch.watch.delivery.idle();
  const [alarm, recovery, ...more] = messagesOf(hook);
  assert.deepEqual(more, []);
  assert.equal(alarm?.type, "incident.opened");
  assert.equal(alarm.kind, "silent");
  assert.equal(alarm.severity, "page");
  assert.equal(recovery?.type, "incident.resolved");
  assert.match(recovery.title, /beating again after 12 min 5 s/);
  assert.equal(recovery.incident?.duration_s, 725);
  const { body } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents?agent=quiet");
  assert.deepEqual(
    body.items.map(({ kind, state, resolved_by }) => ({ kind, state, resolved_by })),
    [{ kind: "silent", state: "resolved", resolved_by: "itself" }],
  );
});

test("after 50 cycles of 200 tokens one of 40,000 is answered with loop_detected, and opens one incident", async () => {
  await using hook = await startReceiver();
  await using midwatch = await startTestServer(toHook(hook));
  for (let cycle = 0; cycle < 50; cycle += 1) {
    const { body } = await midwatch.beat({ agent: "looper", tokens_used: 200, run_id: "r", seq: cycle });
    assert.equal(body.warning, null);
  }
  for (let cycle = 50; cycle < 106; cycle += 1) {
    const { body } = await midwatch.beat({ agent: "looper", tokens_used: 40_000, run_id: "r", seq: cycle });
    assert.equal(body.warning, "loop_detected", `cycle ${cycle}`);
    assert.equal(body.directive, "continue");
  }
  const { body } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents");
  assert.deepEqual(
    body.items.map(({ kind, state }) => ({ kind, state })),
    [{ kind: "runaway", state: "open" }],
  );
  await hook.arrived(1);
  await midwatch.watch.delivery.idle();
  assert.deepEqual(
    messagesOf(hook).map(({ kind, type }) => `${kind} ${type}`),
    ["runaway incident.opened"],
  );
});

test("the same burst of tokens after shutting_down raises nothing", async () => {
  await using midwatch = await startTestServer();
  for (let seq = 0; seq < 50; seq += 1) await midwatch.beat({ agent: "tidy", tokens_used: 200, run_id: "r", seq });
  await midwatch.beat({ agent: "tidy", status: "shutting_down", tokens_used: 0, run_id: "r", seq: 50 });
  const last = { agent: "tidy", status: "shutting_down", tokens_used: 40_000, run_id: "r", seq: 51 };
  const { body } = await midwatch.beat(last);
  assert.equal(body.warning, null);
  assert.equal(body.state, "stopping");
  const { body: incidents } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents");
  assert.deepEqual(incidents.items, []);
});

test("agents that fall silent together are told of in one notice, and so is their return", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toHook(hook), clock });
  const names = Array.from({ length: 12 }, (_, n) => `fleet-${n}`);
  const beats = names.map((agent) => ({ agent, tokens_used: 1, interval_s: 30 }));
  await midwatch.call("POST", "/api/v1/heartbeats", { body: { beats }, key: midwatch.keys.ingest });
  await passTime(clock, midwatch, 3 * MINUTE);
  await hook.arrived(1);
  assert.deepEqual(
    messagesOf(hook).map(({ type, kind, agent }) => ({ type, kind, agent })),
    [{ type: "incident.opened", kind: "silent", agent: null }],
  );
  const { body } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents?open=true");
  assert.equal(body.items.length, 12, "each agent has its own incident all the same");
  await midwatch.call("POST", "/api/v1/heartbeats", { body: { beats }, key: midwatch.keys.ingest });
  await passTime(clock, midwatch, 2 * SECOND);
  await hook.arrived(2);
  await midwatch.watch.delivery.idle();
  assert.equal(hook.received.length, 2);
  assert.match(messagesOf(hook)[1]?.title ?? "", /all 12 agents are beating again/);
});

test("a time in which the server itself saw nothing is one notice, and is charged to nobody", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toHook(hook), clock });
  for (let n = 0; n < 8; n += 1) await midwatch.beat({ agent: `seen-${n}`, interval_s: 30 });
  clock.advance(20 * MINUTE);
  await midwatch.watch.sweeper.turn();
  await hook.arrived(1);
  for (let n = 0; n < 8; n += 1) await midwatch.beat({ agent: `seen-${n}`, interval_s: 30 });
  await midwatch.watch.delivery.idle();
  assert.deepEqual(
    messagesOf(hook).map(({ kind, agent, title }) => ({ kind, agent, title })),
    [{ kind: "monitor-gap", agent: null, title: "Midwatch saw nothing for 20 min" }],
  );
  const { body } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents");
  assert.deepEqual(body.items, []);
});

test("a forgotten agent is not listed, alerts nobody, and comes back with a beat", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  await using midwatch = await startTestServer({ ...toHook(hook), clock });
  await midwatch.beat({ agent: "gone", tokens_used: 300_000 });
  await hook.arrived(1);
  assert.equal((await midwatch.call("DELETE", "/api/v1/agents/gone")).status, 200);
  await passTime(clock, midwatch, 10 * MINUTE);
  assert.deepEqual(
    messagesOf(hook).map(({ type, kind }) => [type, kind]),
    [
      ["incident.opened", "runaway"],
      ["incident.resolved", "runaway"],
    ],
    "only the runaway from before, and that it is over",
  );
  assert.equal((await midwatch.get("/api/v1/agents/gone")).status, 404);
  const { body: open } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents?open=true");
  assert.deepEqual(open.items, []);
  await midwatch.beat({ agent: "gone", tokens_used: 1 });
  const { body } = await midwatch.get<AgentView>("/api/v1/agents/gone");
  assert.equal(body.tokens_total, 300_001, "its ledger was kept");
});

test("an incident is acknowledged by name, once, and stays open", async () => {
  await using midwatch = await startTestServer();
  await midwatch.beat({ agent: "dear", tokens_used: 300_000 });
  const { body: page } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents?open=true");
  const path = `/api/v1/incidents/${page.items[0]?.id}/ack`;
  const { body } = await midwatch.post<IncidentView>(path, { by: "Ada" });
  assert.equal(body.acknowledged?.by, "Ada");
  assert.equal(body.state, "open");
  const { body: again } = await midwatch.post<IncidentView>(path, { by: "Grace" });
  assert.equal(again.acknowledged?.by, "Ada", "the first acknowledgement stays");
});

test("an operator's settings hold at once, and null takes them back", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  await midwatch.beat({ agent: "set", interval_s: 600 });
  interface Settings {
    readonly in_force: Readonly<Record<string, unknown>>;
    readonly set: Readonly<Record<string, unknown>>;
  }
  const patch = { interval_s: 30, missed_limit: 5, cap_tokens: 500, tags: ["night"] };
  const { body } = await midwatch.call<Settings>("PATCH", "/api/v1/agents/set", { body: patch });
  assert.deepEqual(body.set, patch);
  assert.equal((await midwatch.beat({ agent: "set", tokens_used: 600 })).body.warning, "loop_detected");
  const { body: view } = await midwatch.get<AgentView>("/api/v1/agents/set");
  assert.deepEqual(
    { interval: view.interval_s, source: view.interval_source, tags: view.tags },
    { interval: 30, source: "set", tags: ["night"] },
  );
  const { body: tagged } = await midwatch.get<Page<AgentView>>("/api/v1/agents?tag=night");
  assert.equal(tagged.items.length, 1);
  const back = { interval_s: null, missed_limit: null, cap_tokens: null, tags: null };
  const { body: after } = await midwatch.call<Settings>("PATCH", "/api/v1/agents/set", { body: back });
  assert.deepEqual(after.set, {});
  assert.equal(after.in_force["cap_tokens"], 200_000);
});

test("a list is paged by cursor without holes or repetitions", async () => {
  await using midwatch = await startTestServer();
  const beats = Array.from({ length: 25 }, (_, n) => ({ agent: `p-${String(n).padStart(2, "0")}` }));
  await midwatch.call("POST", "/api/v1/heartbeats", { body: { beats }, key: midwatch.keys.ingest });
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body }: { body: Page<AgentView> } = await midwatch.get(`/api/v1/agents?limit=10${query}`);
    names.push(...body.items.map(({ name }) => name));
    cursor = body.next;
  } while (cursor !== null);
  assert.deepEqual(
    names,
    beats.map(({ agent }) => agent),
  );
});

test("a beat sent twice counts once, and is answered alike", async () => {
  await using midwatch = await startTestServer();
  const marked = { agent: "twice", tokens_used: 7, run_id: "r", instance: "i", seq: 4 };
  const bare = { agent: "twice", tokens_used: 5, ts: Date.now() / 1_000 };
  const answers = [await midwatch.beat(marked), await midwatch.beat(marked)];
  await midwatch.beat(bare);
  await midwatch.beat(bare);
  assert.deepEqual(answers[0]?.status, answers[1]?.status);
  const { body } = await midwatch.get<AgentView>("/api/v1/agents/twice");
  assert.equal(body.tokens_total, 12);
  assert.equal(body.beats_total, 2);
});

test("a batch of 10,000 beats is answered beat by beat, and one bad beat does not refuse the others", async () => {
  await using midwatch = await startTestServer();
  const beats: object[] = Array.from({ length: 10_000 }, (_, n) => ({
    agent: `bulk-${n % 100}`,
    tokens_used: 3,
    run_id: "r",
    seq: n,
  }));
  beats[77] = { agent: "bulk-77", tokens_used: -1 };
  const { status, body } = await midwatch.call<{ beats: (BeatAnswer | ErrorBody)[] }>("POST", "/api/v1/heartbeats", {
    body: { beats },
    key: midwatch.keys.ingest,
  });
  assert.equal(status, 200);
  assert.equal(body.beats.length, 10_000);
  assert.deepEqual(
    body.beats.flatMap((answer, n) => ("error" in answer ? [n] : [])),
    [77],
  );
  assert.equal((body.beats[177] as BeatAnswer).agent, "bulk-77");
  const { body: agent } = await midwatch.get<AgentView>("/api/v1/agents/bulk-77");
  assert.equal(agent.beats_total, 99);
});

test("what does not fit the queue is answered 503 with Retry-After, and the server goes on", async () => {
  await using midwatch = await startTestServer();
  const beats = Array.from({ length: 10_000 }, (_, n) => ({ agent: `a-${n % 10}`, run_id: "r", seq: n }));
  const body = JSON.stringify({ beats });
  const replies = await Promise.all(
    Array.from({ length: 6 }, () => midwatch.call("POST", "/api/v1/heartbeats", { body, key: midwatch.keys.ingest })),
  );
  // How many fit depends on how they arrive; whatever does not fit has this answer and no other.
  for (const reply of replies) {
    assert.ok(reply.status === 200 || reply.status === 503, `${reply.status}`);
    if (reply.status === 503) assert.match(reply.headers.get("retry-after") ?? "", /^\d+$/);
  }
  const { queue } = midwatch.watch;
  const event = {
    type: "beat",
    at: Date.now(),
    identity: { by: "none" },
    via: "direct",
    costUsdMicros: null,
    spooled: false,
  } as const;
  const beat = parseBeat({ agent: "a-1" });
  assert.ok(beat.ok);
  let settled = 0;
  const waiting = Array.from({ length: 20_000 }, () => ({
    event: { ...event, beat: beat.beat },
    settle: () => void (settled += 1),
  }));
  assert.ok(queue.offer(waiting));
  assert.ok(!queue.offer(waiting.slice(0, 1)), "the queue is full");
  await queue.drained();
  assert.equal(settled, 20_000);
  assert.equal((await midwatch.beat({ agent: "a-1" })).status, 200);
});

test("a stop answers every beat that was taken, and all of them are stored", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  const beating = Array.from({ length: 200 }, (_, seq) =>
    midwatch.beat({ agent: `s-${seq % 7}`, tokens_used: 1, run_id: "r", seq }).catch(() => null),
  );
  await beating[0];
  const stopped = midwatch.server.stop();
  const replies = await Promise.all(beating);
  await stopped;
  const taken = replies.filter((reply) => reply?.status === 200).length;
  assert.ok(taken > 0);
  let counted = 0;
  for (let n = 0; n < 7; n += 1) counted += (await midwatch.store.agent(`s-${n}`))?.state.beatsTotal ?? 0;
  assert.equal(counted, taken);
});

test("a strict server does not know strangers", async () => {
  await using midwatch = await startTestServer({ strict: true });
  const reply = await midwatch.beat({ agent: "stranger" });
  assert.equal(reply.status, 404);
  assert.match(JSON.stringify(reply.body), /unknown_agent/);
});

test("an operator's pause is told in the answer to the next beat, alerts nobody, and ends by resuming", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock, defaults: { ...defaultSettings, intervalMs: 30 * SECOND } });
  await midwatch.beat({ agent: "held" });
  assert.equal((await midwatch.post("/api/v1/agents/held/pause", { by: "Ada" })).status, 200);
  const { body } = await midwatch.beat({ agent: "held" });
  assert.equal(body.directive, "pause");
  assert.equal(body.reason, "paused by Ada");
  assert.equal(body.state, "paused");
  await passTime(clock, midwatch, 5 * MINUTE);
  const { body: incidents } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents");
  assert.deepEqual(incidents.items, [], "nobody is alerted for an agent that was told to wait");
  await midwatch.post("/api/v1/agents/held/resume");
  assert.equal((await midwatch.beat({ agent: "held" })).body.directive, "continue");
});
