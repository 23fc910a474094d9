import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseBatch } from "./index.ts";

test("one bad beat does not refuse the others", () => {
  const batch = parseBatch({ beats: [{ agent: "a" }, { agent: "b", tokens_used: -1 }, 7, { agent: "c" }] });
  assert.ok(batch.ok);
  assert.deepEqual(
    batch.beats.map((beat) => beat.parsed.ok),
    [true, false, false, true],
  );
});

test("the shapes of an older service's clients are batches too", () => {
  for (const body of [{ heartbeats: [{ agent: "a" }] }, [{ agent: "a" }], { beats: [{ agent: "a" }] }]) {
    const batch = parseBatch(body);
    assert.ok(batch.ok && batch.beats.length === 1);
  }
});

test("a relay's times are read in milliseconds, and a wrong one is a fault of that beat", () => {
  const batch = parseBatch({
    sent_at: 1774690000500,
    beats: [{ agent: "a", received_at: 1774690000000 }, { agent: "b", received_at: "now" }, { agent: "c" }],
  });
  assert.ok(batch.ok);
  assert.equal(batch.sentAt, 1774690000500);
  assert.deepEqual(
    batch.beats.map((beat) => beat.receivedAt),
    [1774690000000, null, null],
  );
  const refused = batch.beats[1]?.parsed;
  assert.ok(refused?.ok === false && refused.errors[0]?.path === "received_at");
});

test("a batch of 10,000 is taken, one more is refused as a whole", () => {
  const beats = Array.from({ length: 10_001 }, () => ({ agent: "a" }));
  assert.ok(parseBatch({ beats: beats.slice(1) }).ok);
  const refused = parseBatch({ beats });
  assert.ok(!refused.ok && refused.errors[0]?.message.includes("at most 10000"));
});

test("what is no batch is refused with the shape that would be one", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.integer(), fc.constant(null), fc.constant({})), (value) => {
      const refused = parseBatch(value);
      assert.ok(!refused.ok && refused.errors[0]?.message.includes('{ "beats"'));
    }),
  );
});
