import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { Reporter } from "./reporter.ts";
import type { Settings } from "./settings.ts";
import { HeldClock } from "./testing/held-clock.ts";
import { StubServer, type Behaviour } from "./testing/stub-server.ts";
import { Grumbler } from "./world.ts";

interface Bench {
  readonly stub: StubServer;
  readonly clock: HeldClock;
  readonly reporter: Reporter;
}

async function setUp(t: TestContext, queueLimit?: number): Promise<Bench> {
  const stub = await StubServer.listen();
  t.after(() => stub.close());
  return { stub, ...reporterTo(stub, queueLimit) };
}

function reporterTo(stub: StubServer, queueLimit?: number): Omit<Bench, "stub"> {
  const clock = new HeldClock();
  const settings: Settings = {
    agent: "my-agent",
    target: { url: new URL("/api/v1/heartbeat", stub.url), key: "mw_test", timeoutMs: 60 },
    runId: "run-1",
    intervalMs: null,
    patienceMs: 20_000,
  };
  return { clock, reporter: new Reporter(settings, clock, new Grumbler(clock), queueLimit) };
}

function beat(reporter: Reporter, tokens: number, message?: string): ReturnType<Reporter["beat"]> {
  reporter.tokens(tokens);
  return reporter.beat({ status: "ok", message });
}

async function delivered({ reporter }: Pick<Bench, "reporter">): Promise<void> {
  assert.ok(await reporter.flush(20_000), "everything is delivered in the end");
}

for (const trouble of ["refuse", "drop", "reset", "hang", "garbage", "flood", "deny"] satisfies Behaviour[]) {
  test(`a beat that meets "${trouble}" is sent again with the same bytes until the server has kept it, and counts once`, async (t) => {
    const bench = await setUp(t);
    bench.stub.script.push(trouble, trouble);
    beat(bench.reporter, 100, "hello");
    await delivered(bench);
    // On a starved machine a try may be given up by itself and made once more.
    assert.ok(bench.stub.requests >= 3);
    assert.deepEqual(
      bench.stub.kept.map(({ tokens_used, message }) => [tokens_used, message]),
      [[100, "hello"]],
    );
    assert.equal(bench.clock.lines.length, 2, "the outage and its end are one line each");
  });
}

test("Retry-After is respected", async (t) => {
  const bench = await setUp(t);
  bench.stub.script.push("later");
  beat(bench.reporter, 1);
  await delivered(bench);
  assert.deepEqual(bench.clock.sleeps, [7_000]);
});

test("retries slow down to one in half a minute", async (t) => {
  const bench = await setUp(t);
  bench.stub.script.push(...Array.from({ length: 12 }, (): Behaviour => "refuse"));
  beat(bench.reporter, 1);
  await delivered(bench);
  assert.ok((bench.clock.sleeps[0] ?? 0) <= 250);
  assert.ok(bench.clock.sleeps.every((ms) => ms <= 30_000));
  assert.ok(bench.clock.sleeps.slice(-3).every((ms) => ms >= 15_000));
});

test("a beat the server finds fault with is sent once more without its details, so that its tokens count", async (t) => {
  const bench = await setUp(t);
  bench.stub.behaviour = "picky";
  beat(bench.reporter, 100, "a message this server does not take");
  await delivered(bench);
  assert.deepEqual(
    bench.stub.kept.map(({ tokens_used, message }) => [tokens_used, message]),
    [[100, undefined]],
  );
  assert.match(bench.clock.lines.join(), /refuses a beat: it answered 422: no/u);
});

test("tokens of a beat that is refused even so go into the next beat", async (t) => {
  const bench = await setUp(t);
  bench.stub.script.push("unprocessable", "unprocessable");
  beat(bench.reporter, 100, "hello");
  await delivered(bench);
  assert.deepEqual(bench.stub.kept, []);
  beat(bench.reporter, 20);
  await delivered(bench);
  assert.deepEqual(
    bench.stub.kept.map(({ seq, tokens_used }) => [seq, tokens_used]),
    [[2, 120]],
  );
});

test("a long outage folds neighbours and not everything into one, within a bounded queue", async (t) => {
  const bench = await setUp(t, 8);
  bench.stub.behaviour = "refuse";
  const first = beat(bench.reporter, 1);
  await bench.reporter.answered(first);
  for (let n = 0; n < 40; n++) beat(bench.reporter, 1);
  bench.stub.behaviour = "ok";
  await delivered(bench);
  assert.equal(bench.stub.tokens, 41);
  assert.ok(bench.stub.kept.length <= 8);
  assert.ok(bench.stub.kept.length >= 4);
  assert.equal(bench.stub.kept.at(0)?.seq, 1, "what was sent once stays as it was");
  assert.match(bench.clock.lines.join(), /folded together, no token is lost/u);
});

test("a wait for an answer ends when the try has failed, and later beats do not wait for a server in trouble", async (t) => {
  const bench = await setUp(t);
  bench.stub.behaviour = "refuse";
  // With a patience of 20 s, waiting for the outcome each time would take minutes.
  for (let n = 0; n < 10; n++) await bench.reporter.answered(beat(bench.reporter, 1));
  bench.stub.behaviour = "ok";
  await delivered(bench);
  assert.equal(bench.stub.tokens, 10);
});

const BEHAVIOURS: readonly Behaviour[] = [
  "ok",
  "refuse",
  "later",
  "drop",
  "reset",
  "hang",
  "garbage",
  "flood",
  "deny",
  "picky",
  "unprocessable",
];

test("whatever the server does, every token is counted exactly once", async (t) => {
  const stub = await StubServer.listen();
  t.after(() => stub.close());
  const beats = fc.array(fc.record({ tokens: fc.nat(1_000), waits: fc.boolean(), message: fc.boolean() }), {
    minLength: 1,
    maxLength: 24,
  });
  const script = fc.array(fc.constantFrom(...BEHAVIOURS), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(beats, script, fc.integer({ min: 4, max: 12 }), async (told, behaviours, queueLimit) => {
      stub.forget();
      stub.script.push(...behaviours);
      const { reporter } = reporterTo(stub, queueLimit);
      for (const { tokens, waits, message } of told) {
        const parcel = beat(reporter, tokens, message ? "words" : undefined);
        if (waits) await reporter.answered(parcel);
      }
      await delivered({ reporter });
      stub.script.length = 0;
      // What was refused for good goes along with the next beat.
      beat(reporter, 0);
      await delivered({ reporter });
      assert.equal(
        stub.tokens,
        told.reduce((sum, { tokens }) => sum + tokens, 0),
      );
      assert.ok(
        stub.kept.every(({ seq }, index) => seq > (stub.kept[index - 1]?.seq ?? 0)),
        "in order",
      );
    }),
    { numRuns: 60 },
  );
});
