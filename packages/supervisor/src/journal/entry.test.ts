import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultSettings } from "@midwatch/core";
import { firstEntry } from "./agent-record.ts";
import { decodeEntry, encodeEntry, type JournalEntry } from "./entry.ts";

test("an entry of version 0.1, which said of memory only yes or no, is read as one of today", () => {
  const entry = firstEntry("bot", 1, defaultSettings);
  for (const oom of [false, true]) {
    const exit = { code: null, signal: "SIGKILL", stoppedFor: null, oom, lastLines: [] };
    const old = { ...entry, lastDeath: { runId: "r1", pid: 1, startedAt: 1, diedAt: 2, exit } } as unknown;
    const read = decodeEntry(encodeEntry(old as JournalEntry));
    assert.equal(read?.lastDeath?.exit.oom, null);
    assert.equal(read.bootId, undefined);
  }
});

test("an entry that was changed by anybody else is not believed", () => {
  const text = encodeEntry(firstEntry("bot", 1, defaultSettings));
  assert.notEqual(decodeEntry(text), null);
  assert.equal(decodeEntry(text.replace('"resume":false', '"resume":true')), null);
  assert.equal(decodeEntry(text.slice(0, -10)), null);
});
