import assert from "node:assert/strict";
import { test } from "node:test";
import { cleanLines } from "./terminal.ts";

test("text of an agent keeps its lines and loses everything that commands a terminal", () => {
  const text = "at think\n\tat loop\r\n\u001b[31mred\u001b]0;title\u0007\u001b[2J\u009b31m\rover\u202ewritten\u0000";
  const lines = cleanLines(text);
  assert.deepEqual(lines, ["at think", "    at loop", "red", "over written "]);
  for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\u202a-\u202e]/u);
});
