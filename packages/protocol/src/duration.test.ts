import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatDuration, parseDuration } from "./index.ts";

test("durations are read as people write them", () => {
  const table: [string, number][] = [
    ["500ms", 500],
    ["60s", 60_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["2d", 172_800_000],
    ["1.5h", 5_400_000],
    [" 10 s ", 10_000],
    ["0s", 0],
  ];
  for (const [text, ms] of table) assert.deepEqual(parseDuration(text), { ok: true, ms }, text);
});

test("what is no duration is refused with what to write instead", () => {
  const table: [string, RegExp][] = [
    ["60", /lacks a unit; write 60s/u],
    ["soon", /write it like 500ms/u],
    ["-5s", /is not a duration/u],
    ["5y", /"y" is not a unit/u],
    ["1e9s", /is not a duration|is not a unit/u],
    ["367d", /longer than 366 days/u],
    ["", /is not a duration/u],
    ["5constructor", /is not a unit/u],
  ];
  for (const [text, why] of table) {
    const parsed = parseDuration(text);
    assert.ok(!parsed.ok, text);
    assert.match(parsed.message, why);
  }
});

test("durations are shown in their two largest units", () => {
  const table: [number, string][] = [
    [0, "0 ms"],
    [850, "850 ms"],
    [45_000, "45 s"],
    [200_000, "3 min 20 s"],
    [180_000, "3 min"],
    [7_500_000, "2 h 5 min"],
    [100_800_000, "1 d 4 h"],
    [-5, "0 ms"],
  ];
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
});

test("a shown duration never claims more time than has passed", () => {
  const units = { d: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000, ms: 1 };
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * 86_400_000 }), (ms) => {
      let sum = 0;
      for (const match of formatDuration(ms).matchAll(/(\d+) ([a-z]+)/gu)) {
        sum += Number(match[1]) * units[match[2] as keyof typeof units];
      }
      assert.ok(sum <= ms && sum >= ms * 0.9);
    }),
  );
});
