import assert from "node:assert/strict";
import { test } from "node:test";
import { describeEnd, type MemoryKill } from "./container-end.ts";

const at = 1_795_531_642_000;

for (const [exitCode, code, signal] of [
  [0, 0, null],
  [1, 1, null],
  [128, 128, null],
  [130, null, "SIGINT"],
  [137, null, "SIGKILL"],
  [138, null, "SIGUSR1"],
  [143, null, "SIGTERM"],
  [255, 255, null],
  [null, null, null],
] as const) {
  test(`status ${exitCode ?? "unknown"} is ${signal ?? `code ${code ?? "unknown"}`}`, () => {
    assert.deepEqual(describeEnd({ at, exitCode, oomKilled: false, memoryKills: [] }), { at, code, signal, oom: null });
  });
}

const told = (agoMs: number): MemoryKill => ({ at: at - agoMs, by: "event" });
const counted = (agoMs: number): MemoryKill => ({ at: at - agoMs, by: "counter" });

for (const [claim, flag, kills, confidence] of [
  ["a bare 137 proves nothing", false, [], null],
  ["the flag and an event at the end are certain", true, [told(20)], "certain"],
  ["an event a moment after the end counts as well", true, [told(-800)], "certain"],
  ["an event at the end without the flag is likely", false, [told(20)], "likely"],
  ["a counter that rose at the end is likely, with the flag too", true, [counted(500)], "likely"],
  ["the flag alone is likely", true, [], "likely"],
  ["the flag is explained by a child that was killed long before", true, [told(3_600_000)], null],
  ["the flag is explained by a child whose kill was counted", true, [counted(60_000)], null],
  ["a child long before takes nothing from an event at the end", true, [told(3_600_000), told(20)], "certain"],
] as const) {
  test(`out of memory: ${claim}`, () => {
    const end = describeEnd({ at, exitCode: 137, oomKilled: flag, memoryKills: kills });
    assert.equal(end.oom?.confidence ?? null, confidence);
  });
}

test("out of memory: an agent that ends by itself after its child was killed was not killed", () => {
  assert.equal(describeEnd({ at, exitCode: 1, oomKilled: true, memoryKills: [told(20)] }).oom, null);
});
