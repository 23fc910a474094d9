import assert from "node:assert/strict";
import test from "node:test";
import { DAY } from "@midwatch/core";
import { retryAfter } from "./retry-after.ts";

const now = Date.UTC(2026, 10, 24, 3, 0, 0);

const cases: readonly (readonly [string | null, number | null])[] = [
  ["120", 120_000],
  [" 0 ", 0],
  ["Tue, 24 Nov 2026 03:01:00 GMT", 60_000],
  ["999999999", DAY],
  ["Tue, 24 Nov 2026 02:00:00 GMT", null],
  ["-5", null],
  ["soon", null],
  ["", null],
  [null, null],
];

for (const [header, expected] of cases) {
  test(`Retry-After ${JSON.stringify(header)} reads as ${expected} ms`, () =>
    assert.equal(retryAfter(header, now), expected));
}
