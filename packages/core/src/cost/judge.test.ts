import assert from "node:assert/strict";
import { test } from "node:test";
import { cyclesInTest, tally, times, wordFor } from "../testing/cycles-in-test.ts";
import { explainVerdict } from "./explain.ts";
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
