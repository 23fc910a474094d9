import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclesInTest, tally, times, wordFor } from "../testing/cycles-in-test.ts";
import { explainClosed, explainVerdict } from "./explain.ts";
import { acceptBaseline, alarmTokens, baselineTokens, judgeCycle, judgeOpen } from "./judge.ts";
import { defaultCostSettings as settings } from "./settings.ts";

test("fifty cycles of 200 tokens, then one of 40,000: a possible loop on that very cycle", () => {
  const agent = cyclesInTest();
  assert.deepEqual(tally(agent.feed(...times(50, 200))), { "warming-up": 10, usual: 40 });
  assert.deepEqual(agent.feed(40_000), ["runaway opened"]);
  assert.equal(agent.title(), "possible loop: 40,000 tokens in one cycle, 200 × the usual 200");
});

for (const more of [5, 50, 500]) {
  test(`${more} more such cycles keep it open`, () => {
    const agent = cyclesInTest();
    agent.feed(...times(50, 200), 40_000);
    assert.deepEqual(tally(agent.feed(...times(more, 40_000))), { "runaway continues": more });
    assert.equal(baselineTokens(agent.history, settings), 200);
  });
}

test("a runaway closes at the third calm cycle in a row, and a dear one in between starts the count again", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200), 40_000, 40_000, 40_000);
  assert.deepEqual(agent.feed(200, 200, 40_000, 200, 600, 200).slice(-2), ["runaway continues", "runaway calm"]);
  assert.deepEqual(tally(agent.feed(...times(60, 200))), { usual: 60 });
});

test("a cycle above three times the baseline is not calm", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200), 40_000);
  assert.deepEqual(tally(agent.feed(...times(20, 601))), { "runaway continues": 20 });
});

test("a lone dear cycle pages once; then it is known, and only noted", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200), 8_000, 200, 200, 200);
  assert.deepEqual(agent.feed(...times(20, 200), 8_000), [...times(20, 0).map(() => "usual"), "spike"]);
  assert.equal(agent.title(), "spike: 8,000 tokens in one cycle, 40 × the usual 200");
});

test("a lone dear cycle never enters the baseline", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200), 8_000, 200, 200, 200);
  assert.equal(baselineTokens(agent.history, settings), 200);
});

test("two dear cycles in a row are still a lone event; three teach nothing and page again", () => {
  for (const [dear, again] of [
    [2, "spike"],
    [3, "runaway opened"],
  ] as const) {
    const agent = cyclesInTest();
    agent.feed(...times(50, 200), ...times(dear, 8_000), 200, 200, 200, ...times(60, 200));
    assert.deepEqual(agent.feed(8_000), [again]);
  }
});

test("the same runaway pages again, however long the first one lasted", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200), ...times(500, 40_000), 200, 200, 200);
  assert.deepEqual(agent.feed(200, 200, 40_000), ["usual", "usual", "runaway opened"]);
});

test("after a runaway of a few cycles the scales of ten and fifty cycles do not page for its remains", () => {
  const agent = cyclesInTest();
  agent.feed(...times(150, 2_000), ...times(5, 40_000), 2_000, 2_000, 2_000);
  assert.deepEqual(tally(agent.feed(...times(200, 2_000))), { usual: 200 });
});

test("cycles of no tokens are idle: they are not counted, and do not close a runaway", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200));
  const before = agent.history;
  assert.deepEqual(tally(agent.feed(...times(30, 0))), { idle: 30 });
  assert.equal(agent.history, before);
  agent.feed(40_000);
  assert.deepEqual(tally(agent.feed(...times(30, 0), 200, 200)), { idle: 30, "runaway continues": 2 });
  assert.deepEqual(agent.feed(200), ["runaway calm"]);
});

test("below the floor nothing is news, however large the factor", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 2));
  assert.deepEqual(agent.feed(1_000, 1_001), ["usual", "runaway opened"]);
});

test("before ten cycles only the absolute cap pages", () => {
  const agent = cyclesInTest();
  assert.deepEqual(
    agent.feed(...times(8, 200), 200_000),
    times(9, 0).map(() => "warming-up"),
  );
  const capped = cyclesInTest();
  assert.deepEqual(capped.feed(200, 200, 200_001), ["warming-up", "warming-up", "runaway opened"]);
  assert.equal(capped.title(), "possible loop: 200,001 tokens in one cycle, above the cap of 200,000");
  assert.equal(baselineTokens(capped.history, settings), null);
});

test("a runaway by the cap stays open while it lasts and closes below the cap", () => {
  const agent = cyclesInTest();
  agent.feed(300_000);
  assert.deepEqual(tally(agent.feed(...times(80, 300_000))), { "runaway continues": 80 });
  assert.deepEqual(agent.feed(200, 200, 200), ["runaway continues", "runaway continues", "runaway calm"]);
});

test("an agent that is dear by nature pages by the cap until a person accepts it, then never again", () => {
  const agent = cyclesInTest();
  agent.feed(300_000, 310_000);
  agent.history = acceptBaseline(agent.history, settings);
  assert.deepEqual(
    agent.feed(...times(30, 300_000)).filter((word) => word !== "warming-up" && word !== "usual"),
    [],
  );
  assert.equal(baselineTokens(agent.history, settings), (30 * 300_000 + 310_000 + 300_000) / 32);
});

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

test("a person who accepts makes the runaway the new normal; a dearer one still pages", () => {
  const agent = cyclesInTest();
  agent.feed(...times(100, 200), ...times(20, 40_000));
  agent.history = acceptBaseline(agent.history, settings);
  assert.equal(baselineTokens(agent.history, settings), 40_000);
  assert.deepEqual(tally(agent.feed(...times(100, 40_000))), { usual: 100 });
  assert.deepEqual(agent.feed(450_000), ["runaway opened"]);
});

test("accepting without an open alarm changes nothing", () => {
  const agent = cyclesInTest();
  agent.feed(...times(100, 200));
  assert.equal(acceptBaseline(agent.history, settings), agent.history);
});

test("while the agent shuts down its cycles are neither judged nor learned", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200));
  const { history, verdict } = judgeCycle(agent.history, 40_000, settings, { detect: false });
  assert.equal(wordFor(verdict), "off");
  assert.equal(history, agent.history);
});

test("a spike is learned like any cycle and freezes nothing", () => {
  const agent = cyclesInTest();
  agent.feed(...times(400, 200), 4_000, 200, 200, 200, ...times(50, 200));
  assert.deepEqual(agent.feed(4_000), ["spike"]);
  assert.equal(baselineTokens(agent.history, settings), (49 * 200 + 4_000) / 50);
});

test("an agent that polls cheaply and acts dearly pages for the first act only", () => {
  const agent = cyclesInTest();
  const words = Array.from({ length: 100 }, () => agent.feed(...times(24, 200), 4_000)).flat();
  assert.equal(words.filter((word) => word.endsWith("opened")).length, 1);
});

test("a cycle that has not ended is judged by what it has used so far, and counts once when it ends", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200));
  const calm = judgeOpen(agent.history, 900, settings);
  assert.equal(calm.history, agent.history);
  const opened = judgeOpen(calm.history, 30_000, settings);
  assert.equal(wordFor(opened.verdict), "runaway opened");
  assert.equal(
    explainVerdict(opened.verdict).title,
    "possible loop: 30,000 tokens in a cycle that has not ended, 150 × the usual 200",
  );
  const more = judgeOpen(opened.history, 60_000, settings);
  assert.equal(wordFor(more.verdict), "runaway continues");
  agent.history = more.history;
  assert.deepEqual(agent.feed(70_000, 200, 200, 200), [
    "runaway continues",
    "runaway continues",
    "runaway continues",
    "runaway calm",
  ]);
  assert.deepEqual(agent.feed(70_000), ["spike"]);
});

test("an open cycle above the cap pages before there is a baseline", () => {
  const { history, verdict } = judgeOpen(cyclesInTest().history, 200_001, settings);
  assert.equal(wordFor(verdict), "runaway opened");
  const accepted = acceptBaseline(history, settings);
  assert.equal(wordFor(judgeOpen(accepted, 300_000, settings).verdict), "warming-up");
});

test("the alarm line stands at ten times the baseline, never below the floor", () => {
  const agent = cyclesInTest();
  assert.equal(alarmTokens(agent.history, settings), null);
  agent.feed(...times(50, 50));
  assert.equal(alarmTokens(agent.history, settings), 1_000);
  agent.feed(...times(50, 500));
  assert.equal(alarmTokens(agent.history, settings), 5_000);
});

test("the end of an alarm is told in words", () => {
  const agent = cyclesInTest();
  agent.feed(...times(50, 200), 40_000, 200, 200, 200);
  const last = agent.verdicts.at(-1)!;
  assert.ok(last.closed);
  assert.deepEqual(explainClosed(last.closed), {
    title: "the possible loop is over: back to the usual cost",
    text: "It lasted 4 cycles. The last three were near the usual again (200 tokens a cycle).",
    numbers: { cycles: 4, baseline: 200 },
  });
});
