import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseBeat } from "./index.ts";

const faults = (value: unknown): string[] => {
  const parsed = parseBeat(value);
  return parsed.ok ? [] : parsed.errors.map((error) => `${error.path} ${error.message}`);
};

const anything = fc.anything({ withNullPrototype: true, maxDepth: 3 });

test("the parser never throws, whatever JSON or worse it is given", () => {
  fc.assert(fc.property(anything, (value) => typeof parseBeat(value).ok === "boolean"));
  const field = fc.constantFrom(
    "status",
    "tokens_used",
    "ts",
    "usage",
    "tools",
    "metrics",
    "message",
    "seq",
    "lease_s",
  );
  fc.assert(
    fc.property(fc.dictionary(field, fc.jsonValue()), (body) => {
      const parsed = parseBeat({ agent: "a", ...body });
      assert.ok(parsed.ok || parsed.errors.length > 0);
    }),
  );
});

test("what was sent within bounds is what is read", () => {
  const count = fc.integer({ min: 0, max: 1_000_000_000 });
  const words = fc.string({ unit: "grapheme", maxLength: 100 }).filter((text) => !text.includes("\0"));
  const wire = fc.record({
    agent: fc.stringMatching(/^[a-zA-Z0-9._\-/:@]{1,128}$/u).filter((name) => name !== "." && name !== ".."),
    tokens_used: count,
    seq: count,
    cycle: count,
    cycle_ms: count,
    interval_s: fc.integer({ min: 1, max: 2_678_400 }),
    message: words,
    usage: fc.array(fc.record({ model: fc.constantFrom("m1", "m2"), input_tokens: count, calls: count }), {
      maxLength: 64,
    }),
  });
  fc.assert(
    fc.property(wire, (body) => {
      const parsed = parseBeat(body);
      assert.ok(parsed.ok, JSON.stringify(parsed));
      const { beat } = parsed;
      const back = {
        agent: beat.agent,
        tokens_used: beat.tokens,
        seq: beat.seq,
        cycle: beat.cycle,
        cycle_ms: beat.cycleMs,
        interval_s: (beat.intervalMs ?? 0) / 1000,
        message: beat.message,
        usage: beat.usage.map((row) => ({ model: row.model, input_tokens: row.inputTokens, calls: row.calls })),
      };
      assert.deepEqual(back, JSON.parse(JSON.stringify(body)));
    }),
  );
});

test("a long message is cut to 2,000 characters, and never through the middle of one", () => {
  const parsed = parseBeat({ agent: "a", message: "x".repeat(1_999) + "🌙 and more" });
  assert.ok(parsed.ok);
  assert.equal(parsed.beat.message?.length, 2_000);
  assert.ok(parsed.beat.message.isWellFormed());
});

test("a NUL in a message is replaced, because PostgreSQL would refuse the whole batch for it", () => {
  const parsed = parseBeat({ agent: "a", message: "a\0b" });
  assert.ok(parsed.ok && parsed.beat.message === "a\uFFFDb");
});

test("an error says what was wrong, where, and what would be right", () => {
  assert.deepEqual(faults({ agent: "a", tokens_used: "3" }), ["tokens_used must be a whole number, not a string"]);
  assert.match(faults({ agent: "a", tokens_used: 1e13 })[0]!, /at most 10\^12/u);
  assert.match(faults({ agent: "a", ts: 1774690000500 })[0]!, /divide milliseconds by 1000/u);
  assert.match(faults({ agent: "a", status: "fine" })[0]!, /one of ok, warning, error, .* got "fine"/u);
  assert.match(faults({ agent: "a", interval_s: 0.5 })[0]!, /from 1 to 2678400, got 0.5/u);
});

test("a body of nothing but faults is answered with a bounded list", () => {
  const metrics = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`m${index}`, "x"]));
  const usage = Array.from({ length: 64 }, () => ({ input_tokens: -1, output_tokens: -1, calls: "x" }));
  assert.equal(faults({ agent: "a", metrics, usage }).length, 100);
});

test("money becomes whole micro-dollars, time whole milliseconds", () => {
  const parsed = parseBeat({ agent: "a", cost_usd: 0.1 + 0.2, ts: 1774690000.1234, cycle_ms: 12.6, lease_s: 0.5 });
  assert.ok(parsed.ok);
  const { costUsdMicros, ts, cycleMs, leaseMs } = parsed.beat;
  assert.deepEqual([costUsdMicros, ts, cycleMs, leaseMs], [300_000, 1774690000123, 13, 500]);
});
