import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "./index.ts";

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
