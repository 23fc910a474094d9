/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { spellAgo, spellDuration, spellLocal, spellUtc } from "./spell-time.ts";

const at = Date.UTC(2026, 10, 24, 3, 12, 6);

test("how long ago is told in one unit, never rounded up", () => {
  const cases: [number, string][] = [
    [0, "now"],
    [999, "now"],
    [1_000, "1 s ago"],
    [59_999, "59 s ago"],
    [60_000, "1 min ago"],
    [3_599_999, "59 min ago"],
    [3_600_000, "1 h ago"],
    [86_400_000 * 3, "3 d ago"],
  ];
  for (const [elapsed, words] of cases) assert.equal(spellAgo(at, at + elapsed), words);
});

test("a beat the server stamped a moment ahead of this clock reads as now", () => {
  assert.equal(spellAgo(at + 400, at), "now");
});

test("a duration has two units at most", () => {
  const cases: [number, string][] = [
    [40, "40 ms"],
    [12_400, "12 s"],
    [60_000, "1 min"],
    [200_000, "3 min 20 s"],
    [79_800_000, "22 h 10 min"],
    [356_400_000, "4 d 3 h"],
  ];
  for (const [ms, words] of cases) assert.equal(spellDuration(ms), words);
});

test("the exact time is UTC to the second", () => {
  assert.equal(spellUtc("2026-11-24T03:12:06.123Z"), "2026-11-24 03:12:06 UTC");
});

test("the local time shows a date only when it is not today's", () => {
  const noon = new Date(2026, 10, 24, 12, 0, 0).getTime();
  assert.equal(spellLocal(new Date(2026, 10, 24, 3, 2, 6).getTime(), noon), "03:02");
  assert.equal(spellLocal(new Date(2026, 10, 24, 3, 2, 6).getTime(), noon, true), "03:02:06");
  assert.equal(spellLocal(new Date(2026, 10, 23, 3, 2).getTime(), noon), "23 Nov, 03:02");
  assert.equal(spellLocal(new Date(2025, 10, 23, 3, 2).getTime(), noon), "23 Nov 2025, 03:02");
});
