import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitView } from "./api-types.ts";
import { limitName, spellLimit } from "./spell-budget.ts";

const limit: LimitView = { name: "usd_per_day", limit: 5, spent: 1, level: "within", until: null, unpriced_tokens: 0 };

test("a limit is told with its period, what is spent of it, and what follows", () => {
  assert.equal(limitName(limit), "Budget a day");
  assert.equal(limitName({ ...limit, name: "tokens_per_hour" }), "Budget an hour");
  assert.equal(spellLimit(limit), "$1.00 of $5.00, 20 %");
  assert.equal(spellLimit({ ...limit, spent: 4.5, level: "near" }), "$4.50 of $5.00, 90 %: at 100 % it is paused");
  const tokens = { ...limit, name: "tokens_per_cycle", limit: 200_000, spent: 210_000, level: "exceeded" as const };
  assert.equal(spellLimit(tokens), "210,000 tokens of 200,000 tokens, 105 %: spent, it is paused");
});

test("a limit in dollars says what it cannot see", () => {
  const blind = spellLimit({ ...limit, unpriced_tokens: 1_200 });
  assert.equal(blind, "$1.00 of $5.00, 20 %; 1,200 tokens without a price are not in this");
});
