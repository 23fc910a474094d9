import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cyclesInTest, times } from "../testing/cycles-in-test.ts";
import { emptyHistory, gapAfter, largestSum, learnCycle, sumBack, unlearn, type KindHistory } from "./history.ts";
import { blockCycles } from "./long-window.ts";
import { defaultCostSettings, type CostSettings, type ScaleIndex } from "./settings.ts";

const smallWindow: CostSettings = { ...defaultCostSettings, longWindowCycles: 300 };
const scales: readonly ScaleIndex[] = [0, 1, 2];

function learnAll(cycles: readonly number[], settings = defaultCostSettings): KindHistory {
  return cycles.reduce((history, tokens) => learnCycle(history, tokens, settings), emptyHistory());
}

/** The largest sum at a scale inside the last `window`, clear of the cycles it judges and their gap; by brute force. */
function bruteLargest(cycles: readonly number[], scale: ScaleIndex, window: number): number {
  const { cycles: span } = defaultCostSettings.scales[scale];
  const gap = gapAfter(cycles.length, defaultCostSettings.scales[scale], defaultCostSettings);
  let largest = 0;
  for (let end = cycles.length - span - gap; end - span >= Math.max(0, cycles.length - window); end -= 1) {
    let sum = 0;
    for (let index = end - span; index < end; index += 1) sum += cycles[index]!;
    largest = Math.max(largest, sum);
  }
  return largest;
}

const anyCycles = fc.array(fc.oneof(fc.nat(500), fc.nat(500), fc.nat(1_000_000)), {
  minLength: 1,
  maxLength: 1_500,
  // Otherwise the lists have a dozen entries, and no block ever ends.
  size: "max",
});

test("what an agent has done before is never forgotten early, and at most a few hundred cycles late", () => {
  const { cycles: widest, gapCycles } = smallWindow.scales[2];
  const slack = 2 * blockCycles + 2 * widest + gapCycles;
  fc.assert(
    fc.property(anyCycles, (cycles) => {
      const history = learnAll(cycles, smallWindow);
      for (const scale of scales) {
        const remembered = largestSum(history, scale);
        assert.ok(remembered >= bruteLargest(cycles, scale, smallWindow.longWindowCycles));
        assert.ok(remembered <= bruteLargest(cycles, scale, smallWindow.longWindowCycles + slack));
      }
    }),
    { numRuns: 60 },
  );
});

test("until the long window is full, what is remembered is exact", () => {
  fc.assert(
    fc.property(anyCycles, (cycles) => {
      const history = learnAll(cycles);
      for (const scale of scales) {
        assert.equal(largestSum(history, scale), bruteLargest(cycles, scale, Infinity));
      }
    }),
    { numRuns: 60 },
  );
});

test("sums over the last 250 cycles are exact wherever a block ends", () => {
  fc.assert(
    fc.property(anyCycles, fc.nat(200), fc.integer({ min: 1, max: 50 }), (cycles, skip, count) => {
      const end = Math.max(0, cycles.length - skip);
      const expected = cycles.slice(Math.max(0, end - count), end).reduce((sum, one) => sum + one, 0);
      assert.equal(sumBack(learnAll(cycles), skip, count), expected);
    }),
  );
});

test("taking cycles back leaves the cycles before them at hand", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000), { minLength: 260, maxLength: 500, size: "max" }),
      fc.integer({ min: 0, max: 49 }),
      (cycles, count) => {
        const { history, cycles: taken } = unlearn(learnAll(cycles), count);
        assert.deepEqual(taken, cycles.slice(cycles.length - count));
        assert.equal(history.accepted, cycles.length - count);
        const rest = cycles.slice(0, cycles.length - count);
        assert.equal(
          sumBack(history, 0, 200),
          rest.slice(-200).reduce((sum, one) => sum + one, 0),
        );
      },
    ),
  );
});

test("the large part of a history stays the same object until a block of cycles ends", () => {
  const agent = cyclesInTest();
  let changes = 0;
  for (const tokens of times(10 * blockCycles, 200)) {
    const { long } = agent.history;
    agent.feed(tokens);
    if (agent.history.long !== long) changes += 1;
  }
  assert.equal(changes, 10);
});

test("a history stays a few kilobytes, also after a month that grew cheaper every hour", () => {
  const falling = learnAll(Array.from({ length: 30_000 }, (_, n) => 1_000_000 - 30 * n));
  assert.ok(JSON.stringify(falling).length < 8_192);
  const steady = learnAll(Array.from({ length: 30_000 }, (_, n) => 1_000 + ((n * 7_919) % 1_000)));
  assert.ok(JSON.stringify(steady).length < 2_048);
});
