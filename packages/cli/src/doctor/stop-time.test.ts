import assert from "node:assert/strict";
import { test } from "node:test";
import { longestStop } from "./stop-time.ts";

test("agents that stop after each other need the sum of their times, others the longest", () => {
  const agent = (name: string, after: readonly string[], stopGraceMs: number) => ({
    name,
    after,
    stopGraceMs,
    stopAnnounceMs: 1_000,
  });
  assert.equal(longestStop([]), 0);
  assert.equal(longestStop([agent("a", [], 10_000), agent("b", [], 30_000)]), 31_000);
  assert.equal(longestStop([agent("a", [], 10_000), agent("b", ["a"], 30_000)]), 42_000);
});
