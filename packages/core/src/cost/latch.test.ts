import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclesInTest, times, wordFor } from "../testing/cycles-in-test.ts";
import { acceptBaseline, baselineTokens, judgeOpen } from "./judge.ts";
import { defaultCostSettings as settings } from "./settings.ts";

for (const { kind, dear, calm, what } of [
  { kind: "runaway", dear: 9_000, calm: 3_000, what: "twice" },
  { kind: "drift", dear: 6_000, calm: 2_250, what: "one and a half times" },
]) {
  test(`a ${kind} of several cycles is over when the mean of ten has been at ${what} the baseline for three cycles`, () => {
    const agent = cyclesInTest();
    agent.feed(...times(400, 1_500), ...times(40, dear));
    assert.equal(agent.history.alarm?.kind, kind);
    const { history } = agent;
    const words = agent.feed(...times(12, calm));
    assert.equal(words.at(-2), `${kind} continues`);
    assert.equal(words.at(-1), `${kind} calm`);
    agent.history = history;
    assert.equal(agent.feed(...times(30, calm + 1)).at(-1), `${kind} continues`);
  });
}

test("a drift that came down before fifty cycles teaches nothing", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500), ...times(40, 6_000), ...times(12, 1_500), ...times(200, 1_500));
  assert.equal(baselineTokens(agent.history, settings), 1_500);
  assert.ok(agent.feed(...times(40, 6_000)).includes("drift opened"));
});

test("a person may accept a drift before its fifty cycles are over", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500), ...times(40, 6_000));
  assert.equal(agent.history.alarm?.kind, "drift");
  agent.history = acceptBaseline(agent.history, settings);
  assert.deepEqual([...new Set(agent.feed(...times(200, 6_000)))], ["usual"]);
  assert.equal(baselineTokens(agent.history, settings), 6_000);
});

test("growth that was accepted and goes on is found again", () => {
  const agent = cyclesInTest();
  const ramp = Array.from({ length: 400 }, (_, n) => Math.round(1_500 * 1.01 ** n));
  agent.feed(...times(400, 1_500), ...ramp.slice(0, 145));
  assert.equal(agent.history.alarm?.kind, "drift");
  agent.history = acceptBaseline(agent.history, settings);
  assert.match(agent.feed(...ramp.slice(145)).join(), /opened/);
});

test("a stuck cycle inside a drift pages while it is still open, judged by what the drift froze", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500), ...times(40, 6_000));
  assert.equal(wordFor(judgeOpen(agent.history, 9_000, settings).verdict), "drift continues");
  const { verdict } = judgeOpen(agent.history, 20_000, settings);
  assert.equal(wordFor(verdict), "runaway opened");
  assert.equal(verdict.baseline, 1_500);
  assert.equal(verdict.closed?.how, "superseded");
});
