import assert from "node:assert/strict";
import { test } from "node:test";
import { spellLimits } from "./spell-limits.ts";

test("a budget is told from its longest period to its shortest", () => {
  const limits = { tokens_per_cycle: 200_000, usd_per_hour: 500_000, usd_per_day: 5_000_000, tokens_per_day: 1 };
  assert.equal(spellLimits(limits), "$5 a day, 1 token a day, $0.50 an hour, 200k tokens a cycle");
  assert.equal(spellLimits({}), null);
});
