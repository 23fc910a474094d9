import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { wordFor } from "../testing/cycles-in-test.ts";
import { baselineTokens } from "./judge.ts";
import { defaultCostSettings as settings } from "./settings.ts";
import { emptyCostState, type CostState } from "./state.ts";
import { acceptCost, closeOpenCycle, historyOf, kindsInAlarm, maxKinds, stepCost, type CycleUse } from "./step-cost.ts";

const plain: CycleUse = { kind: null, cycle: null, tokens: 200, closes: true, detect: true };

function feed(state: CostState, uses: readonly Partial<CycleUse>[]): { state: CostState; words: string[] } {
  const words: string[] = [];
  for (const use of uses) {
    const step = stepCost(state, { ...plain, ...use }, settings);
    state = step.state;
    words.push(...step.judged.map(({ verdict }) => wordFor(verdict)));
  }
  return { state, words };
}

function repeat(count: number, use: Partial<CycleUse>): Partial<CycleUse>[] {
  return Array.from({ length: count }, () => use);
}

test("a beat without a cycle number is a cycle of its own", () => {
  const { state } = feed(emptyCostState, repeat(50, {}));
  assert.equal(historyOf(state, null).accepted, 50);
  assert.equal(state.open, null);
});

test("beats of one numbered cycle are one cycle, ended by the beat that says so", () => {
  const { state } = feed(emptyCostState, [
    { cycle: 1, tokens: 100, closes: false },
    { cycle: 1, tokens: 50, closes: false },
    { cycle: 1, tokens: 25 },
  ]);
  assert.deepEqual(historyOf(state, null).recent, [175]);
});

test("the first beat of another cycle ends the one before", () => {
  const { state } = feed(emptyCostState, [
    { cycle: 1, tokens: 100, closes: false },
    { cycle: 2, tokens: 70, closes: false },
    { cycle: null, tokens: 30 },
  ]);
  assert.deepEqual(historyOf(state, null).recent, [100, 70, 30]);
});

test("a sign of life without number and tokens does not end the open cycle", () => {
  const { state } = feed(emptyCostState, [
    { cycle: 1, tokens: 100, closes: false },
    { cycle: null, tokens: 0 },
    { cycle: 1, tokens: 20 },
  ]);
  assert.deepEqual(historyOf(state, null).recent, [120]);
});

test("a stuck cycle pages while it is still open, and its end is counted once", () => {
  const started = feed(emptyCostState, repeat(50, {}));
  const stuck = feed(started.state, repeat(20, { cycle: 51, tokens: 500, closes: false }));
  assert.equal(stuck.words.filter((word) => word === "runaway opened").length, 1);
  assert.equal(stuck.words.indexOf("runaway opened"), 4);
  const ended = feed(stuck.state, [{ cycle: 51, tokens: 500 }]);
  assert.deepEqual(historyOf(ended.state, null).alarm?.tail, [10_500]);
});

test("the open cycle of a run that died is closed by what it had used", () => {
  const { state } = feed(emptyCostState, [{ cycle: 1, tokens: 100, closes: false }]);
  const closed = closeOpenCycle(state, settings);
  assert.equal(closed.state.open, null);
  assert.deepEqual(historyOf(closed.state, null).recent, [100]);
  assert.deepEqual(closeOpenCycle(closed.state, settings), { state: closed.state, judged: [] });
});

test("each kind of cycle has its own baseline, so a dear kind is no news", () => {
  const { state, words } = feed(
    emptyCostState,
    repeat(60, {}).flatMap(() => [
      { kind: "poll", tokens: 200 },
      { kind: "act", tokens: 40_000 },
    ]),
  );
  assert.deepEqual([...new Set(words)], ["warming-up", "usual"]);
  assert.equal(baselineTokens(historyOf(state, "poll"), settings), 200);
  assert.equal(baselineTokens(historyOf(state, "act"), settings), 40_000);
});

test("eight kinds have a history of their own; all further kinds share one", () => {
  const uses = Array.from({ length: 500 }, (_, n) => ({ kind: `kind ${n}` }));
  const { state } = feed(emptyCostState, uses);
  assert.equal(Object.keys(state.kinds).length, maxKinds + 1);
  assert.equal(historyOf(state, "kind 8").accepted, 500 - maxKinds);
  assert.equal(historyOf(state, "kind 499"), historyOf(state, "kind 8"));
});

test("a kind may bear the name of anything an object inherits", () => {
  const uses = ["__proto__", "constructor", "toString"].flatMap((kind) => repeat(20, { kind }));
  const { state } = feed(emptyCostState, uses);
  const stored = JSON.parse(JSON.stringify(state)) as CostState;
  for (const kind of ["__proto__", "constructor", "toString"]) assert.equal(historyOf(stored, kind).accepted, 20);
});

test("a burst while the agent shuts down raises nothing and teaches nothing", () => {
  const started = feed(emptyCostState, repeat(50, {}));
  const burst = feed(started.state, [
    ...repeat(5, { tokens: 40_000, detect: false }),
    { cycle: 9, tokens: 40_000, closes: false, detect: false },
  ]);
  assert.deepEqual(burst.words, []);
  assert.deepEqual(burst.state, started.state);
});

test("an alarm of one kind lasts while another kind is well, and a person's word ends them all", () => {
  const started = feed(
    emptyCostState,
    repeat(50, {}).flatMap(() => [{ kind: "poll" }, { kind: "act" }]),
  );
  const wild = feed(started.state, [{ kind: "poll", tokens: 40_000 }, ...repeat(10, { kind: "act" })]);
  assert.deepEqual(kindsInAlarm(wild.state, "runaway"), ["poll"]);
  assert.deepEqual(kindsInAlarm(wild.state, "drift"), []);
  assert.deepEqual(kindsInAlarm(acceptCost(wild.state, settings), "runaway"), []);
});

test("all kinds together stay small, also with an alarm in each", () => {
  const kinds = Array.from({ length: 12 }, (_, n) => `kind ${n}`);
  const uses = (count: number, tokens: (n: number) => number) =>
    Array.from({ length: count }, (_, n) => kinds.map((kind) => ({ kind, tokens: tokens(n) }))).flat();
  const usual = feed(
    emptyCostState,
    uses(2_000, (n) => 1_000 + ((n * 7_919) % 1_000)),
  );
  const { state } = feed(
    usual.state,
    uses(100, () => 100_000),
  );
  assert.equal(kindsInAlarm(state, "runaway").length, maxKinds + 1);
  assert.ok(JSON.stringify(state).length < (maxKinds + 1) * 4_096);
});

test("a state that is stored and read again half-way comes to the same decisions", () => {
  const tokens = fc.oneof({ weight: 6, arbitrary: fc.nat(900) }, { weight: 1, arbitrary: fc.nat(300_000) });
  const use = fc.record({
    kind: fc.constantFrom(null, "poll", "act"),
    cycle: fc.constantFrom(null, 1, 2, 3),
    tokens,
    closes: fc.boolean(),
    detect: fc.constantFrom(true, true, true, false),
  });
  fc.assert(
    fc.property(fc.array(use, { maxLength: 400, size: "max" }), fc.nat(400), (uses, cut) => {
      const whole = feed(emptyCostState, uses);
      const first = feed(emptyCostState, uses.slice(0, cut));
      const stored = JSON.parse(JSON.stringify(first.state)) as CostState;
      const second = feed(stored, uses.slice(cut));
      assert.deepEqual([...first.words, ...second.words], whole.words);
      assert.deepEqual(second.state, whole.state);
    }),
  );
});

test("no token is lost or counted twice on the way from beats to cycles", () => {
  const use = fc.record({
    cycle: fc.constantFrom(null, 1, 2, 3),
    tokens: fc.integer({ min: 1, max: 900 }),
    closes: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(use, { maxLength: 60, size: "max" }), (uses) => {
      let state = emptyCostState;
      let ended = 0;
      for (const one of uses) {
        const step = stepCost(state, { ...plain, ...one }, settings);
        state = step.state;
        ended += step.judged.reduce((sum, judged) => sum + (judged.ended ? judged.tokens : 0), 0);
      }
      const used = uses.reduce((sum, one) => sum + one.tokens, 0);
      assert.equal(ended + (state.open?.tokens ?? 0), used);
    }),
  );
});
