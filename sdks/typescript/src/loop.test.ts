import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test, type TestContext } from "node:test";
import type { BeatBody } from "./beat-body.ts";
import { Midwatch } from "./midwatch.ts";
import type { MidwatchOptions } from "./settings.ts";
import { HeldClock } from "./testing/held-clock.ts";
import { StubServer } from "./testing/stub-server.ts";

interface Bench {
  readonly stub: StubServer;
  readonly clock: HeldClock;
  readonly watch: Midwatch;
}

async function setUp(t: TestContext, options: MidwatchOptions = {}): Promise<Bench> {
  const stub = await StubServer.listen();
  const clock = new HeldClock();
  t.after(async () => {
    clock.over = true;
    await stub.close();
  });
  const given = { agent: "my-agent", url: stub.url, key: "mw_test", patience: "20s", ...options };
  return { stub, clock, watch: new Midwatch(given, clock) };
}

/** What was kept, once all was delivered: status, tokens and cycle of each. */
async function told({ stub, watch }: Bench): Promise<[string, number, number?][]> {
  assert.ok(await watch.flush(20));
  return stub.kept.map(({ status, tokens_used, cycle }: BeatBody) =>
    cycle === undefined ? [status, tokens_used] : [status, tokens_used, cycle],
  );
}

test("a server that takes beats and never answers does not hold the loop", async (t) => {
  const bench = await setUp(t, { patience: "20ms" });
  bench.stub.behaviour = "hang";
  let turns = 0;
  for await (const cycle of bench.watch.cycles()) {
    cycle.tokens(1);
    if (++turns === 50) break;
  }
  assert.equal(turns, 50);
  assert.equal(bench.stub.kept.length <= 1, true, "the first beat still waits for its answer");
});

test("nobody at the address does not hold the loop either, and is said once", async (t) => {
  const stub = await StubServer.listen();
  const { url } = stub;
  await stub.close();
  const bench = await setUp(t, { url, patience: "20ms" });
  let turns = 0;
  for await (const cycle of bench.watch.cycles()) {
    turns = cycle.number;
    if (turns === 50) break;
  }
  assert.equal(turns, 50);
  assert.equal(bench.clock.lines.length, 1);
  assert.match(bench.clock.lines[0] ?? "", /could not be reached \(ECONNREFUSED\)/u);
});

test("a body that waits sends nothing: only the loop beats", async (t) => {
  const bench = await setUp(t, { interval: "1s" });
  for await (const cycle of bench.watch.cycles({ every: 0.01 })) {
    cycle.tokens(1);
    await sleep(150);
    assert.equal(bench.stub.requests, 1);
    break;
  }
  await sleep(50);
  assert.deepEqual(await told(bench), [["starting", 0]]);
});

test("the pace is kept from start to start, and a turn that takes longer is followed at once", async (t) => {
  const { clock, watch } = await setUp(t);
  const startedAt: number[] = [];
  for await (const cycle of watch.cycles({ every: "60s" })) {
    startedAt.push(clock.nowMs);
    clock.nowMs += cycle.number === 2 ? 90_000 : 15_000;
    if (cycle.number === 4) break;
  }
  assert.deepEqual(startedAt, [0, 60_000, 150_000, 210_000]);
});

test("a pace slower than the promise is told as a lease", async (t) => {
  const bench = await setUp(t, { interval: "60s" });
  for await (const cycle of bench.watch.cycles({ every: "1h" })) if (cycle.number === 2) break;
  await told(bench);
  const { lease_s, lease_reason, interval_s } = bench.stub.kept[1] ?? {};
  assert.deepEqual([lease_s, lease_reason, interval_s], [3_600, "waiting for its next turn", 60]);
});

test("a paused loop stays where it is, beats paused, and goes on when it is resumed", async (t) => {
  const bench = await setUp(t);
  for await (const cycle of bench.watch.cycles()) {
    cycle.tokens(10);
    if (cycle.number === 1) {
      await told(bench);
      bench.stub.script.push("pause", "pause", "pause", "ok");
      // Longer than the wait for the answer, so that the directive comes before the next turn.
      bench.clock.nowMs += 1e6;
    } else {
      assert.equal(bench.watch.directive.kind, "continue");
      await bench.watch.stopped();
    }
  }
  assert.deepEqual(await told(bench), [
    ["starting", 0],
    ["ok", 10, 1],
    ["paused", 0],
    ["paused", 0],
    ["paused", 0],
    ["stopped", 10, 2],
  ]);
  assert.deepEqual(bench.clock.sleeps, [5_000, 5_000]);
});

test("a loop that is paused on entry spends nothing", async (t) => {
  const bench = await setUp(t);
  bench.stub.script.push("pause", "stop");
  for await (const cycle of bench.watch.cycles()) assert.fail(`turn ${cycle.number} may not come`);
  assert.deepEqual(await told(bench), [
    ["starting", 0],
    ["paused", 0],
    ["stopped", 0],
  ]);
});

test("a held loop has one beat on its way, however long the server is away", async (t) => {
  const bench = await setUp(t, { patience: "20ms" });
  bench.stub.script.push("pause", "hang");
  const loop = bench.watch.cycles();
  const next = loop.next();
  await bench.stub.until(({ requests }) => requests === 2);
  while (bench.clock.sleeps.length < 20) await sleep(1);
  assert.equal(bench.stub.kept.length, 2);
  await bench.watch.stopped();
  assert.equal((await next).done, true);
});

test("stop ends the loop, and the directive says why", async (t) => {
  const bench = await setUp(t);
  for await (const cycle of bench.watch.cycles()) {
    assert.equal(cycle.number, 1);
    await told(bench);
    bench.stub.script.push("stop");
    bench.clock.nowMs += 1e6;
  }
  assert.deepEqual(bench.watch.directive, { kind: "stop", reason: "the budget is used up", warning: null });
  assert.deepEqual(
    (await told(bench)).map(([status]) => status),
    ["starting", "ok", "stopped"],
  );
});

test("a loop left by an exception that somebody catches goes on as a new one, and its tokens go along", async (t) => {
  const bench = await setUp(t);
  for (const attempt of [1, 2]) {
    const turns = async (): Promise<void> => {
      for await (const cycle of bench.watch.cycles()) {
        cycle.tokens(5);
        if (attempt === 1) throw new Error("the feed is down");
        await bench.watch.stopped("done");
      }
    };
    if (attempt === 1) await assert.rejects(turns, /the feed is down/u);
    else await turns();
  }
  assert.deepEqual(await told(bench), [
    ["starting", 0],
    ["starting", 5],
    ["stopped", 5, 2],
  ]);
});

test("an exception told to its cycle is beaten as an error at once, and propagates", async (t) => {
  const bench = await setUp(t);
  await assert.rejects(async () => {
    for await (const cycle of bench.watch.cycles()) {
      try {
        throw new RangeError("no such feed");
      } catch (error) {
        cycle.error(error);
        throw error;
      }
    }
  }, /no such feed/u);
  assert.deepEqual(await told(bench), [
    ["starting", 0],
    ["error", 0, 1],
  ]);
  assert.equal(bench.stub.kept[1]?.message, "RangeError: no such feed");
});

test("stopped before a break is the last word, and usage that comes after it is not lost", async (t) => {
  const bench = await setUp(t);
  for await (const cycle of bench.watch.cycles()) {
    cycle.tokens(10);
    await bench.watch.stopped("all done");
    cycle.tokens(3);
    break;
  }
  assert.deepEqual(await told(bench), [
    ["starting", 0],
    ["stopped", 10, 1],
    ["stopped", 3],
  ]);
});

test("after an announced shutdown nothing calls the agent back to up", async (t) => {
  const bench = await setUp(t);
  for await (const cycle of bench.watch.cycles()) {
    await bench.watch.shutdown("deploy");
    await cycle.lease("5m", "closing orders");
    await bench.watch.beat({ status: "warning" });
    cycle.error("too late");
  }
  assert.deepEqual(
    (await told(bench)).map(([status]) => status),
    ["starting", "shutting_down", "shutting_down", "shutting_down", "stopped"],
  );
});

test("a loop of one's own can stop, begin again and stop again", async (t) => {
  const bench = await setUp(t);
  await bench.watch.beat({ tokens_used: 100, usage: { input_tokens: 60, output_tokens: 20 } });
  await bench.watch.shutdown();
  await bench.watch.beat();
  await bench.watch.stopped();
  bench.watch.tokens(7);
  await bench.watch.beat({ status: "starting" });
  await bench.watch.stopped();
  assert.deepEqual(await told(bench), [
    ["ok", 100],
    ["shutting_down", 0],
    ["shutting_down", 0],
    ["stopped", 0],
    ["starting", 7],
    ["stopped", 0],
  ]);
});

test("a pace that cannot be read is refused, because the loop would run at full speed", () => {
  const watch = new Midwatch({}, new HeldClock());
  for (const every of ["60 sec", "", -1, Number.NaN, "40d"]) assert.throws(() => watch.cycles({ every }), RangeError);
});

test("nothing that is wrong with the monitoring throws, and the loop runs as it would", async (t) => {
  const stub = await StubServer.listen();
  t.after(() => stub.close());
  const { url } = stub;
  const wrong: readonly (readonly [MidwatchOptions, RegExp])[] = [
    [{}, /there is no server/u],
    [{ url }, /there is no key/u],
    [{ url, key: "mw_test" }, /no name/u],
    [{ url, key: "mw_test", agent: "two words" }, /an agent's name is/u],
    [{ url: "localhost:4004", key: "mw_test", agent: "a" }, /is no address/u],
    [{ url: "http://[", key: "mw_test", agent: "a" }, /is no address/u],
    [{ url, key: "mw_\ntest", agent: "a" }, /copy it again/u],
    [{ url, key: "mw_test", agent: "a", interval: "soon" }, /the interval "soon" is ignored/u],
    [{ url, key: "mw_test", agent: "a", patience: "none" }, /the patience "none" is ignored/u],
  ];
  for (const [options, line] of wrong) {
    const clock = new HeldClock();
    const watch = new Midwatch(options, clock);
    for await (const cycle of watch.cycles()) {
      cycle.tokens(Number.NaN);
      cycle.usage({ hello: "world" });
      cycle.message(null as unknown as string);
      cycle.progress(Object.create(null) as string);
      cycle.tool("", { circular: clock });
      await cycle.lease("for ever");
      if (cycle.number === 2) await watch.stopped();
    }
    await watch.beat({ status: "fine" as "ok", metrics: { nan: Number.NaN }, cycle_ms: -1, lease_s: -1 });
    assert.match(clock.lines[0] ?? "", line);
    await watch.flush(20);
  }
});

test("long texts are cut and odd values left out, so that no beat is refused", async (t) => {
  const bench = await setUp(t);
  const messages = ["x".repeat(5_000), `${"x".repeat(1_999)}😀`];
  for (const message of messages) {
    for (let n = 0; n < 100; n++) bench.watch.tool("t".repeat(300), { n });
    await bench.watch.beat({
      message,
      progress: "p".repeat(999),
      cycle_kind: "k".repeat(999),
      lease_s: 1,
      lease_reason: "r".repeat(999),
      metrics: { ok: 1, nan: Number.NaN, ["n".repeat(99)]: 1 },
    });
  }
  await told(bench);
  assert.equal(bench.stub.kept.length, 2);
  assert.ok(bench.stub.kept.every((beat) => beat.message?.length === 2_000 && beat.tools?.length === 64));
  assert.deepEqual(bench.stub.kept[1]?.metrics, { ok: 1 });
});
