import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { MINUTE, SECOND } from "@midwatch/core";
import { ConfigError } from "../errors.ts";
import { startReceiver, type Receiver } from "../testing/loopback-receiver.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { startTestServer } from "../testing/test-server.ts";
import { createOutgoingHeartbeat, type OutgoingHeartbeat, type WatcherSettings } from "./outgoing-heartbeat.ts";

interface World extends AsyncDisposable {
  readonly there: Receiver;
  readonly heartbeat: OutgoingHeartbeat;
  readonly logged: string[];
  pass(ms: number): void;
}

async function world(more: Partial<WatcherSettings> = {}): Promise<World> {
  const there = await startReceiver();
  const logged: string[] = [];
  let now = 0;
  const note = (_facts: object, text: string): void => void logged.push(text);
  const heartbeat = createOutgoingHeartbeat(
    { url: there.url, key: null, agent: "midwatch@here", everyMs: MINUTE, allowPrivate: true, ...more },
    { now: () => now, monotonic: () => now, agents: () => 12, log: { info: note, warn: note } },
  );
  return {
    there,
    heartbeat,
    logged,
    pass: (ms) => {
      now += ms;
    },
    [Symbol.asyncDispose]: async () => {
      await heartbeat.stop();
      await there[Symbol.asyncDispose]();
    },
  };
}

test("it is given by the loop when it is due, and not more often", async () => {
  let [now, calls] = [0, 0];
  const log = { info: () => undefined, warn: () => undefined };
  const heartbeat = createOutgoingHeartbeat(
    { url: "https://example.org/ping", key: null, agent: "x", everyMs: MINUTE, allowPrivate: false },
    {
      ...{ now: () => now, monotonic: () => now, agents: () => 1, log },
      post: ({ method }) => {
        assert.equal(method, "GET");
        calls += 1;
        return Promise.resolve({ sent: true });
      },
    },
  );
  for (; now < 150 * SECOND; now += SECOND) {
    heartbeat.turned();
    await turn();
  }
  assert.equal(calls, 3);
});

test("a loop that does not turn gives none, however much time passes", async () => {
  await using it = await world();
  it.heartbeat.turned();
  await it.there.arrived(1);
  it.pass(60 * MINUTE);
  await turn();
  assert.equal(it.there.received.length, 1);
});

test("another Midwatch is told as by any agent, and that the end was meant", async () => {
  await using other = await startTestServer();
  const it = await world({ url: `${other.url}/api/v1/heartbeat`, key: other.keys.ingest });
  it.heartbeat.turned();
  const read = async (): Promise<{ state: string; interval_s: number }> =>
    (await other.get<{ state: string; interval_s: number }>("/api/v1/agents/midwatch@here")).body;
  while ((await read()).state !== "up") await turn();
  assert.equal((await read()).interval_s, 60);
  await it.heartbeat.stop();
  assert.equal((await read()).state, "stopped");
  await it[Symbol.asyncDispose]();
});

test("one that is refused is said once, and so is its recovery; the key is in no line", async () => {
  await using it = await world({ key: "mw_secret_of_the_other_one" });
  it.there.answerWith((response) => {
    response.statusCode = 500;
    response.end("key mw_secret_of_the_other_one");
  });
  for (let n = 1; n <= 3; n += 1) {
    it.heartbeat.turned();
    await it.there.arrived(n);
    while (it.logged.length === 0) await turn();
    for (let turns = 0; turns < 50; turns += 1) await turn();
    it.pass(MINUTE);
  }
  it.there.answerWith((response) => response.end("OK"));
  it.heartbeat.turned();
  while (it.logged.length < 2) await turn();
  assert.match(it.logged[0] ?? "", /^cannot give a sign of life: .* answered 500/);
  assert.equal(it.logged[1], "the sign of life is taken again");
  assert.doesNotMatch(it.logged.join("\n"), /secret/);
});

test("one that hangs is waited for by nobody", async () => {
  await using it = await world();
  it.there.answerWith(() => undefined);
  it.heartbeat.turned();
  await it.there.arrived(1);
  it.pass(10 * MINUTE);
  it.heartbeat.turned();
  assert.equal(it.there.received.length, 1);
});

for (const [url, said] of [
  ["not a url", /watcher\.url: must be a whole URL/],
  ["ftp://example.org/x", /watcher\.url: must be a whole URL/],
  ["http://127.0.0.1:8000/ping", /watcher\.url: 127\.0\.0\.1 is an address of this machine .*allow_private: true/],
] as const) {
  test(`"${url}" is refused at the start`, () => {
    const log = { info: () => undefined, warn: () => undefined };
    const settings = { url, key: null, agent: "x", everyMs: MINUTE, allowPrivate: false };
    const given = { now: () => 0, monotonic: () => 0, agents: () => 0, log };
    assert.throws(
      () => createOutgoingHeartbeat(settings, given),
      (error) => error instanceof ConfigError && said.test(error.message),
    );
  });
}

test("the server's own loop gives it, and gives none while it cannot sweep", async () => {
  await using there = await startReceiver();
  const clock = createTestClock();
  let broken = false;
  await using midwatch = await startTestServer({
    clock,
    watcher: { url: there.url, key: null, agent: "x", everyMs: MINUTE, allowPrivate: true },
    wrapStore: (store) => ({
      ...store,
      dueAgents: (...asked) => (broken ? Promise.reject(new Error("the disk is gone")) : store.dueAgents(...asked)),
    }),
  });
  await there.arrived(1);
  broken = true;
  for (let n = 0; n < 5; n += 1) {
    clock.advance(MINUTE);
    await midwatch.watch.sweeper.turn();
  }
  assert.equal(there.received.length, 1);
  broken = false;
  clock.advance(MINUTE);
  await midwatch.watch.sweeper.turn();
  await there.arrived(2);
});
