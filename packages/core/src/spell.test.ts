import assert from "node:assert/strict";
import { test } from "node:test";
import { spellTokens, spellUsd, spellUtcTime, upperFirst } from "./spell.ts";

test("tokens are written shortly, and never as a thousand of a unit", () => {
  const amounts = [0, 1, 950, 999, 1_000, 12_345, 40_000, 999_940, 999_960, 2_500_000, 1e12];
  assert.deepEqual(amounts.map(spellTokens), [
    "0 tokens",
    "1 token",
    "950 tokens",
    "999 tokens",
    "1k tokens",
    "12.3k tokens",
    "40k tokens",
    "999.9k tokens",
    "1M tokens",
    "2.5M tokens",
    "1T tokens",
  ]);
});

test("money has its cents where there are any, and less than a cent the digits that it has", () => {
  assert.deepEqual([0, 4_200_000, 1_234_500_000, 2_300].map(spellUsd), ["$0", "$4.20", "$1,234.50", "$0.0023"]);
});

test("a clause begins a sentence, and a time of day says that it is in UTC", () => {
  assert.deepEqual(["no token", "", "über", "Already"].map(upperFirst), ["No token", "", "Über", "Already"]);
  assert.equal(spellUtcTime(Date.parse("2026-11-24T03:04:05.678Z")), "03:04:05 UTC");
});
