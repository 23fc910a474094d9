import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclesInTest, tally, times } from "../testing/cycles-in-test.ts";
import { baselineTokens } from "./judge.ts";
import { defaultCostSettings as settings } from "./settings.ts";

for (const [percent, byCycle] of [
  [50, 8],
  [20, 15],
  [10, 26],
  [5, 44],
  [3, 65],
  [2, 82],
  [1, 140],
] as const) {
  test(`growth of ${percent} % a cycle is a possible loop or a drift within ${byCycle} cycles`, () => {
    const agent = cyclesInTest();
    agent.feed(...times(400, 1_500));
    const words = agent.feed(
      ...Array.from({ length: byCycle }, (_, n) => Math.round(1_500 * (1 + percent / 100) ** n)),
    );
    assert.match(words.join(), /opened/);
  });
}

test("growth of half a percent a cycle is left to the daily report", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500));
  const words = agent.feed(...Array.from({ length: 500 }, (_, n) => Math.round(1_500 * 1.005 ** n)));
  assert.deepEqual(tally(words), { usual: 500 });
});

test("growth of one percent a cycle is a drift first, and a possible loop before it could become the new normal", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500));
  const words = agent.feed(...Array.from({ length: 300 }, (_, n) => Math.round(1_500 * 1.01 ** n)));
  const alarms = words.filter((word) => !/usual|continues/.test(word));
  assert.deepEqual(alarms, ["drift opened", "runaway opened"]);
});

test("a slow ramp that came down is found again when it comes again", () => {
  const agent = cyclesInTest();
  const ramp = Array.from({ length: 150 }, (_, n) => Math.round(1_500 * 1.01 ** n));
  agent.feed(...times(400, 1_500), ...ramp, ...times(200, 1_500));
  assert.equal(agent.history.alarm, null);
  assert.match(agent.feed(...ramp).join(), /drift opened/);
});

for (const [known, compared, baseline] of [
  [150, "the fifty just before them, as the history is young", 3_000],
  [400, "what was usual a hundred cycles earlier", 1_500],
] as const) {
  test(`after ${known} cycles and a hundred that cost double, fifty dear ones are compared with ${compared}`, () => {
    const agent = cyclesInTest();
    agent.feed(...times(known, 1_500), ...times(100, 3_000));
    agent.feed(...times(45, 11_000));
    const opened = agent.verdicts.find((one) => one.alarm === "drift");
    assert.equal(opened?.baseline, baseline);
  });
}

test("a ramp that opens a drift becomes a runaway when it rises further", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500));
  const words = agent.feed(...Array.from({ length: 140 }, (_, n) => Math.round(1_500 * 1.03 ** n)));
  assert.ok(words.indexOf("drift opened") >= 0 && words.indexOf("drift opened") < words.indexOf("runaway opened"));
  const raised = agent.verdicts[400 + words.indexOf("runaway opened")]!;
  assert.ok(raised.alarm === "runaway" && raised.closed?.how === "superseded");
});

test("a ramp leaves nothing of itself in the baseline", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500), ...Array.from({ length: 60 }, (_, n) => Math.round(1_500 * 1.1 ** n)));
  agent.feed(...times(12, 1_500));
  assert.equal(agent.history.alarm, null);
  assert.ok((baselineTokens(agent.history, settings) ?? 0) < 2 * 1_500);
});

test("a lasting rise to four times is a drift, and after fifty cycles inside it the new normal", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500));
  const words = agent.feed(...times(200, 6_000));
  const opened = words.indexOf("drift opened");
  assert.ok(opened > 20 && opened < 40);
  assert.equal(words.indexOf("drift accepted"), opened + 49);
  assert.equal(baselineTokens(agent.history, settings), 6_000);
  assert.deepEqual(tally(words.slice(opened + 50)), { usual: 200 - opened - 50 });
});

test("a lasting rise to two and a half times is no news", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500));
  assert.deepEqual(tally(agent.feed(...times(300, 3_750))), { usual: 300 });
});

test("a lasting rise to six times is a possible loop that waits for a person", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 1_500));
  const words = agent.feed(...times(500, 9_000));
  assert.equal(words.filter((word) => word === "runaway opened").length, 1);
  assert.equal(words.at(-1), "runaway continues");
});

for (const [known, factor] of [
  [99, 5],
  [100, 3],
  [299, 3],
  [300, 1.75],
] as const) {
  test(`with ${known} cycles known, a cycle is news above ${factor} × the dearest before`, () => {
    const line = factor * 4_000;
    for (const [tokens, word] of [
      [line, "spike"],
      [line + 1, "runaway opened"],
    ] as const) {
      const agent = cyclesInTest();
      // The lone dear cycle and the three that end its alarm are not among the cycles known.
      agent.feed(...times(40, 200), 4_000, 200, 200, 200, ...times(known - 40, 200));
      assert.equal(agent.history.accepted, known);
      assert.deepEqual(agent.feed(tokens), [word]);
    }
  });
}

test("ten cycles are judged from the twenty-first cycle on, fifty from the hundred and first", () => {
  const ten = cyclesInTest();
  const dear = ten.feed(...times(10, 1_500), ...times(11, 14_900));
  assert.equal(dear.indexOf("runaway opened"), 20);
  const fifty = cyclesInTest();
  const dearer = fifty.feed(...times(50, 1_500), ...times(51, 4_900));
  assert.equal(dearer.indexOf("drift opened"), 100);
  assert.equal(dearer.indexOf("runaway opened"), -1);
});

test("below the floor ten and fifty dear cycles are no news either, until one is above it", () => {
  const agent = cyclesInTest();
  agent.feed(...times(100, 20));
  assert.deepEqual(tally(agent.feed(...times(60, 190))), { usual: 60 });
  assert.deepEqual(agent.feed(1_001), ["drift opened"]);
});
