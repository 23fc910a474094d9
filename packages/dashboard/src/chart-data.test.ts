/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { chartData, chartRange, describeChart, logSplits } from "./chart-data.ts";
import { spellCount } from "./spell-number.ts";
import { sampleBeat } from "./testing/sample.ts";

test("the ten-times line stands on the baseline each cycle was judged by", () => {
  const data = chartData([sampleBeat(0, { baseline: null }), sampleBeat(60, { baseline: 300 })], "linear");
  assert.deepEqual(data.baseline, [null, 300]);
  assert.deepEqual(data.alarm, [null, 3_000]);
});

test("beats of one batch keep their order on the time axis", () => {
  const { times } = chartData([sampleBeat(0), sampleBeat(0), sampleBeat(0)], "linear");
  assert.ok(times.every((time, i) => i === 0 || time > (times[i - 1] ?? 0)));
});

test("an idle cycle is a gap on a logarithm and a zero on a linear scale", () => {
  const idle = [sampleBeat(0, { tokens: 0 })];
  assert.deepEqual(chartData(idle, "log").tokens, [null]);
  assert.deepEqual(chartData(idle, "linear").tokens, [0]);
});

test("the ten-times line is always inside the picture", () => {
  const data = chartData([sampleBeat(0), sampleBeat(60)], "log");
  for (const scale of ["log", "linear"] as const) {
    const [low, high] = chartRange(data, scale);
    assert.ok(low < 200 && high > 2_000, `${low}–${high}`);
  }
});

test("a chart without data still has a range", () => {
  assert.deepEqual(chartRange(chartData([], "log"), "log"), [5, 20]);
});

test("the chart reads out as a sentence", () => {
  const beats = [sampleBeat(0, { tokens: 180 }), sampleBeat(60, { tokens: 40_000, baseline: 190 })];
  assert.equal(describeChart(beats, spellCount), "2 cycles between 180 and 40,000 tokens. Usual are 190.");
  assert.equal(describeChart([], spellCount), "No cycle with tokens yet.");
});

test("the ticks of a logarithm are round, inside the chart, and few however high it is", () => {
  assert.deepEqual(logSplits(600, 8_000), [1_000, 2_000, 5_000]);
  assert.deepEqual(logSplits(500, 400_000), [1_000, 3_000, 10_000, 30_000, 100_000, 300_000]);
  assert.ok(logSplits(1, 1e12).length <= 13);
});
