/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { spellCount, spellShortCount, spellSome, spellUsd } from "./spell-number.ts";

test("counts carry thousands separators", () => {
  assert.deepEqual([0, 999, 1_000, 1_234_567].map(spellCount), ["0", "999", "1,000", "1,234,567"]);
});

test("short counts keep one digit and never read 1000k", () => {
  assert.deepEqual([0, 0.25, 950, 999.6, 17_900, 40_000, 999_960, 2_500_000, 1e12].map(spellShortCount), [
    "0",
    "0.25",
    "950",
    "1k",
    "17.9k",
    "40k",
    "1M",
    "2.5M",
    "1T",
  ]);
});

test("money shows cents, and small money does not read as nothing", () => {
  assert.deepEqual([0, 0.0096, 0.000_03, 1e-9, 0.5, 1234.5].map(spellUsd), [
    "$0.00",
    "$0.0096",
    "$0.00003",
    "< $0.000001",
    "$0.50",
    "$1,234.50",
  ]);
});

test("one beat is not one beats", () => {
  assert.equal(spellSome(1, "beat"), "1 beat");
  assert.equal(spellSome(1_200, "beat"), "1,200 beats");
});
