import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseMeterBatch, type MeterBatch, type MeterCall } from "./index.ts";

const call: MeterCall = {
  key: "msg_0123456789",
  at: 1774690000000,
  provider: "anthropic",
  model: "claude-sonnet-5",
  input_tokens: 1_500,
  output_tokens: 340,
  cache_read_tokens: 1_000,
  cache_write_tokens: 0,
  reasoning_tokens: 0,
  cost_usd_micros: null,
  outcome: "ok",
  estimated: false,
  tools: [{ name: "db_query", args_hash: "9f2c" }],
  prompt_hash: "0123456789abcdef",
  session: null,
  remarks: [],
};

const batch: MeterBatch = {
  sent_at: 1774690001000,
  spool: "s1",
  items: [
    { n: 4, agent: "bot", call },
    { n: 6, agent: "bot", call: { ...call, key: "k2", outcome: "aborted", estimated: true, remarks: ["cut off"] } },
  ],
};

test("everything a meter says is read as it stands", () => {
  const parsed = parseMeterBatch(batch);
  assert.ok(parsed.ok);
  assert.equal(parsed.batch.sentAt, batch.sent_at);
  assert.equal(parsed.batch.spool, "s1");
  assert.deepEqual(
    parsed.batch.items,
    batch.items.map((item) => ({ is: "call", ...item })),
  );
});

for (const [claim, damage] of [
  ["a count below zero", { input_tokens: -1 }],
  ["a count that is a text", { output_tokens: "3" }],
  ["no key", { key: null }],
  ["a key beyond its bound", { key: "k".repeat(201) }],
  ["an unknown outcome", { outcome: "odd" }],
  ["a tool without a name", { tools: [{ args_hash: "a" }] }],
  ["more remarks than there is room for", { remarks: ["", "", "", "", "", ""] }],
] as const) {
  test(`${claim} marks that call, and the others of the batch are read`, () => {
    const [first, second] = batch.items;
    const parsed = parseMeterBatch({ ...batch, items: [{ ...first, call: { ...call, ...damage } }, second] });
    assert.ok(parsed.ok);
    assert.deepEqual(
      parsed.batch.items.map(({ is, n }) => [is, n]),
      [
        ["refused", 4],
        ["call", 6],
      ],
    );
  });
}

test("a batch whose numbers do not rise is refused whole: what a retry repeats could not be told any more", () => {
  const [first] = batch.items;
  const parsed = parseMeterBatch({ ...batch, items: [first, first] });
  assert.ok(!parsed.ok);
  assert.match(parsed.errors[0]?.message ?? "", /must rise, got 4 after 4/);
});

test("a batch of more than 1,000 calls is refused", () => {
  const items = Array.from({ length: 1_001 }, (_, index) => ({ n: index + 1, agent: "bot", call }));
  assert.ok(!parseMeterBatch({ ...batch, items }).ok);
});

test("whatever is sent, the parser answers and does not throw", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => typeof parseMeterBatch(value).ok === "boolean"));
  fc.assert(
    fc.property(
      fc.jsonValue(),
      (value) => parseMeterBatch({ ...batch, items: [{ n: 1, agent: "a", call: value }] }).ok,
    ),
  );
});
