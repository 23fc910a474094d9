import assert from "node:assert/strict";
import { test } from "node:test";
import { readSpan, readTime, readUnitFacts } from "./unit-facts.ts";

test("a span of time is read in each of systemd's units", () => {
  const cases: readonly (readonly [string, number])[] = [
    ["100ms", 100],
    ["1min 30s", 90_000],
    ["1h 2min 3s 4ms", 3_723_004],
    ["2d", 172_800_000],
    ["500us", 0.5],
    ["0", 0],
    ["", 0],
    ["infinity", Infinity],
  ];
  for (const [shown, ms] of cases) assert.equal(readSpan(shown), ms, shown);
});

test("a time is read with and without fractions of a second, and nothing else is one", () => {
  const at = Date.UTC(2026, 10, 24, 14, 46, 53);
  assert.equal(readTime("Tue 2026-11-24 14:46:53.198686 UTC"), at + 198);
  assert.equal(readTime("Tue 2026-11-24 14:46:53 UTC"), at);
  for (const none of ["", "n/a", "Tue 2026-11-24 14:46:53 CET", "@1795531306"])
    assert.equal(readTime(none), null, none);
});

test("what an older systemd does not show is not made up", () => {
  const facts = readUnitFacts("LoadState=loaded\nActiveState=active\nMainPID=812\nExecMainCode=0\n");
  assert.equal(facts.main.pid, 812);
  assert.equal(facts.main.end, null);
  assert.equal(facts.invocation, "");
  assert.equal(facts.hasJob, false);
  assert.deepEqual(facts.policy.startedBy, []);
});
