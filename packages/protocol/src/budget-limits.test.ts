import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIMIT_NAMES, limitsFromWire, limitsToWire } from "./budget-limits.ts";

test("limits come back from the wire to the micro-dollar", () => {
  const amount = fc.integer({ min: 1, max: 1e15 });
  const limits = fc.record(Object.fromEntries(LIMIT_NAMES.map((name) => [name, amount])), { requiredKeys: [] });
  fc.assert(fc.property(limits, (given) => assert.deepEqual(limitsFromWire(limitsToWire(given)), { ...given })));
});

test("dollars are dollars on the wire, and tokens are tokens", () => {
  assert.deepEqual(limitsToWire({ usd_per_day: 4_250_000, tokens_per_hour: 12 }), {
    usd_per_day: 4.25,
    tokens_per_hour: 12,
  });
});
