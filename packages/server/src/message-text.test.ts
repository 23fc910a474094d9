import assert from "node:assert/strict";
import { test } from "node:test";
import { clipText } from "./message-text.ts";

test("a text that is cut says so, is as long as it may be, and keeps no half of a character", () => {
  assert.equal(clipText("four", 4), "four");
  assert.equal(clipText("fives", 4), "fiv…");
  assert.equal(clipText("ab🚨cd", 4), "ab…");
  assert.equal(clipText("ab🚨cd", 5), "ab🚨…");
  assert.ok(clipText("\uD83D is half of one, and old", 12).isWellFormed());
});
