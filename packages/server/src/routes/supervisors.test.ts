import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { MINUTE, SECOND } from "@midwatch/core";
import type { AgentView, EventView, IncidentView, Page, WebhookBody } from "@midwatch/protocol";
import type { Store } from "@midwatch/store";
import { startReceiver } from "../testing/loopback-receiver.ts";
import { batch, beatItem, commands } from "../testing/supervisor-calls.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { codeOf, passTime, startTestServer } from "../testing/test-server.ts";

test("a spool delivered twice counts once, at the times the supervisor received it", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  // The supervisor's clock is an hour ahead; only its differences count.
  const theirs = clock.now() + 60 * MINUTE;
  const items = [beatItem(1, theirs - 3_000), beatItem(2, theirs - 2_000), beatItem(3, theirs - 1_000)];
  const first = await batch(midwatch, theirs, items);
  assert.equal(first.status, 200);
  assert.equal(first.body.upto, 3);
  assert.deepEqual(
    first.body.beats.map((answer) => "ok" in answer && answer.state),
    ["up", "up", "up"],
  );
  const again = await batch(midwatch, theirs, [...items, beatItem(4, theirs - 500)]);
  assert.equal(again.body.upto, 4);
  assert.equal(again.body.beats.length, 4);
  const { body } = await midwatch.get<AgentView>("/api/v1/agents/kept?beats=10");
  assert.equal(body.beats_total, 4);
  assert.equal(body.tokens_total, 40);
  assert.equal(body.host, "box-1");
  assert.deepEqual(body.tags, ["night"]);
  assert.equal(body.recent?.[0]?.at, new Date(clock.now() - 3_000).toISOString());
});

test("a bad item of a spool is answered by itself and does not hold up the others", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  const now = clock.now();
  const bad = { n: 2, received_at: now, beat: { agent: "kept", tokens_used: "many" } };
  const { body } = await batch(midwatch, now, [beatItem(1, now), bad, beatItem(3, now)]);
  assert.equal(body.upto, 3);
  assert.deepEqual(
    body.beats.map((answer) => "error" in answer),
    [false, true, false],
  );
});

test("what was over before a spool arrived is recorded and wakes nobody", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const channels = { me: { type: "webhook", url: hook.url, allow_private: true } };
  await using midwatch = await startTestServer({ clock, channels, alertsTo: ["me"] });
  const now = clock.now();
  const ago = (ms: number): number => now - ms;
  const exit = { code: 3, signal: null, stopped_for: null, oom: null, last_lines: ["boom"] };
  const recovery = {
    attempt: 0,
    of: 3,
    until: null,
    started_at: ago(9 * MINUTE),
    run_id: "r2",
    pid: 12,
    reason: null,
    restarts: [ago(9 * MINUTE)],
    trouble_since: null,
  };
  const answer = await batch(midwatch, now, [
    beatItem(1, ago(20 * MINUTE)),
    { n: 2, fact: { type: "exited", at: ago(10 * MINUTE), agent: "kept", run_id: "r1", exit } },
    {
      n: 3,
      fact: {
        type: "recovery",
        at: ago(9 * MINUTE),
        agent: "kept",
        recovery: { ...recovery, phase: "starting", attempt: 1 },
      },
    },
    { n: 4, fact: { type: "started", at: ago(9 * MINUTE), agent: "kept", run_id: "r2", pid: 12 } },
    { n: 5, received_at: ago(9 * MINUTE), beat: { agent: "kept", run_id: "r2", seq: 0 } },
    {
      n: 6,
      fact: { type: "recovery", at: ago(8 * MINUTE), agent: "kept", recovery: { ...recovery, phase: "healthy" } },
    },
    { n: 7, received_at: ago(7 * MINUTE), beat: { agent: "kept", run_id: "r2", seq: 1 } },
  ]);
  assert.equal(answer.body.upto, 7);
  // The rest of the spool comes a little later; until then nobody is judged by what it has not said yet.
  await passTime(clock, midwatch, 8 * SECOND);
  await batch(midwatch, clock.now(), [
    { n: 8, received_at: clock.now(), beat: { agent: "kept", run_id: "r2", seq: 8 } },
  ]);
  await passTime(clock, midwatch, 30 * SECOND);
  assert.equal(hook.received.length, 0);
  const { body } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents");
  assert.deepEqual(
    body.items.map(({ kind, state, resolved_by }) => ({ kind, state, resolved_by })),
    [{ kind: "crashed", state: "resolved", resolved_by: "restart" }],
  );
  assert.equal((await midwatch.get<AgentView>("/api/v1/agents/kept")).body.state, "up");
});

test("a command waits for its supervisor, wakes it at once, and ends with its outcome", async () => {
  await using midwatch = await startTestServer();
  await batch(midwatch, Date.now(), [beatItem(1, Date.now())]);
  const waiting = commands(midwatch, 20);
  const asked = await midwatch.post<{ message: string }>("/api/v1/agents/kept/restart", { by: "Ada" });
  assert.equal(asked.status, 202);
  assert.match(asked.body.message, /supervisor on box-1 was asked to restart/);
  const { body } = await waiting;
  assert.equal(body.commands.length, 1);
  const [command] = body.commands;
  assert.deepEqual(
    { agent: command?.agent, command: command?.command, by: command?.by },
    { agent: "kept", command: "restart", by: "Ada" },
  );
  const path = `/api/v1/supervisors/sup-1/commands/${command?.id}/outcome`;
  const outcome = { body: { ok: false, message: "the program is gone" }, key: midwatch.keys.ingest };
  assert.equal((await midwatch.call("POST", path, outcome)).status, 200);
  assert.equal((await midwatch.call("POST", path, outcome)).status, 200, "a repeated outcome is harmless");
  assert.deepEqual((await commands(midwatch)).body.commands, []);
  const { body: events } = await midwatch.get<Page<EventView>>("/api/v1/agents/kept/events");
  assert.ok(events.items.some(({ text }) => text === "restart was not done: the program is gone"));
  const foreign = await midwatch.call("POST", path.replace("sup-1", "sup-2"), outcome);
  assert.equal(codeOf(foreign), "unknown_command");
});

test("a command that was handed out without an outcome is handed out again, but not in a circle", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  await batch(midwatch, clock.now(), [beatItem(1, clock.now())]);
  await midwatch.post("/api/v1/agents/kept/stop");
  assert.equal((await commands(midwatch)).body.commands.length, 1);
  let answered = false;
  const second = commands(midwatch, 20).finally(() => {
    answered = true;
  });
  await midwatch.beat({ agent: "other" });
  assert.equal(answered, false, "the second call waits");
  clock.advance(6 * SECOND);
  midwatch.watch.bell.ring("sup-1");
  assert.equal((await second).body.commands.length, 1);
});

test("a server that stops lets a waiting supervisor go at once", async () => {
  const asked = Promise.withResolvers<undefined>();
  let looks = 0;
  const wrapStore = (store: Store): Store => ({
    ...store,
    commandsFor: (supervisor) => {
      looks += 1;
      asked.resolve(undefined);
      // Whoever looks without a pause starves everything else, this test included.
      if (looks > 100) throw new Error("it looks for commands without end");
      return store.commandsFor(supervisor);
    },
  });
  // The clock stands still, so that the wait never ends by itself.
  await using midwatch = await startTestServer({ clock: createTestClock(), wrapStore });
  const waiting = commands(midwatch, 20);
  await asked.promise;
  await turnOfTheLoop();
  await midwatch.server.stop();
  const { status, body } = await waiting;
  assert.deepEqual([status, body.commands], [200, []]);
  assert.equal(looks, 2, "once when it asked, once when it was woken");
});

test("a supervisor hears that its agent is paused, and of beats that did not pass through it", async () => {
  await using midwatch = await startTestServer();
  await batch(midwatch, Date.now(), []);
  await midwatch.beat({ agent: "kept", run_id: "direct-run", seq: 0 });
  const waiting = commands(midwatch, 20);
  await midwatch.post("/api/v1/agents/kept/pause", { by: "Ada" });
  const [kept] = (await waiting).body.agents;
  assert.equal(kept?.directive, "pause");
  assert.equal(kept.reason, "paused by Ada");
  assert.equal(kept.direct_run_id, "direct-run");
  assert.ok((kept.direct_beat_at ?? 0) > Date.now() - MINUTE);
});

test("a supervisor that is not heard for half a minute is lost, once, and its return ends it", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const channels = { me: { type: "webhook", url: hook.url, allow_private: true } };
  await using midwatch = await startTestServer({ clock, channels, alertsTo: ["me"] });
  await batch(midwatch, clock.now(), [beatItem(1, clock.now())]);
  await passTime(clock, midwatch, 20 * SECOND);
  assert.equal(hook.received.length, 0);
  await passTime(clock, midwatch, 15 * SECOND);
  await hook.arrived(1);
  await batch(midwatch, clock.now(), [beatItem(2, clock.now())]);
  await hook.arrived(2);
  await midwatch.watch.delivery.idle();
  assert.deepEqual(
    hook.received.map(({ body }) => {
      const { kind, type } = JSON.parse(body) as { kind: string; type: string };
      return `${kind} ${type}`;
    }),
    ["supervisor-lost incident.opened", "supervisor-lost incident.resolved"],
  );
});

test("a lost supervisor of several agents is told once, with its host, since when, and which agents", async () => {
  await using hook = await startReceiver();
  const clock = createTestClock();
  const channels = { me: { type: "webhook", url: hook.url, allow_private: true } };
  await using midwatch = await startTestServer({ clock, channels, alertsTo: ["me"] });
  const agents = ["kept", "other"];
  await batch(midwatch, clock.now(), [beatItem(1, clock.now())], { agents });
  // It is heard for an hour; only the silence after that counts.
  for (let n = 2; n < 182; n += 1) {
    await passTime(clock, midwatch, 20 * SECOND);
    await batch(midwatch, clock.now(), [beatItem(n, clock.now())], { agents });
  }
  const heardAt = new Date(clock.now()).toISOString();
  await passTime(clock, midwatch, 35 * SECOND);
  await midwatch.watch.delivery.idle();
  const lost = async (): Promise<readonly IncidentView[]> => {
    const { body } = await midwatch.get<Page<IncidentView>>("/api/v1/incidents?open=true");
    return body.items.filter(({ kind }) => kind === "supervisor-lost");
  };
  assert.deepEqual(
    (await lost()).map(({ agent, since, title }) => [agent, since, title]).toSorted(),
    agents.map((agent) => [agent, heardAt, "its supervisor on box-1 has not been heard for 31 s"]),
  );
  const told = hook.received
    .map((one) => JSON.parse(one.body) as WebhookBody)
    .filter(({ kind }) => kind === "supervisor-lost");
  assert.equal(told.length, 1);
  assert.equal(told[0]?.title, "the supervisor on box-1 is not heard any more");
  assert.match(told[0].text, new RegExp(`^It was last heard at ${RegExp.escape(heardAt)}\\. .*: kept, other\\.`));
  await batch(midwatch, clock.now(), [], { agents });
  assert.deepEqual(await lost(), []);
});

test("only a supervisor can start, stop, restart or kill: without one the answer is 409 and says so", async () => {
  await using midwatch = await startTestServer();
  await midwatch.beat({ agent: "free" });
  for (const action of ["start", "stop", "restart", "kill"]) {
    const reply = await midwatch.post(`/api/v1/agents/free/${action}`);
    assert.deepEqual([reply.status, codeOf(reply)], [409, "not_supervised"], action);
  }
  for (const action of ["pause", "resume", "accept-baseline"]) {
    assert.equal((await midwatch.post(`/api/v1/agents/free/${action}`)).status, 200, action);
  }
});
