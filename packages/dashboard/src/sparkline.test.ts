/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { countedTokens, sparkline } from "./sparkline.ts";
import { sampleAgent, sampleBeat } from "./testing/sample.ts";

const size = { width: 100, height: 24 };

test("idle turns and beats about the agent's life are left out", () => {
  const recent = [sampleBeat(0, { status: "starting", tokens: 0 }), sampleBeat(60, { tokens: 180 })];
  assert.deepEqual(countedTokens(sampleAgent({ recent })), [180]);
});

test("a runaway is the top of the picture and the baseline stays in it", () => {
  const { path, area, baselineY, end } = sparkline([200, 200, 40_000], 200, size);
  assert.equal(path, "M2 21.9L50 21.9L98 2");
  assert.equal(area, `${path}V24H2Z`);
  assert.deepEqual(end, { x: 98, y: 2 });
  assert.equal(baselineY, 21.9);
});

test("a calm agent draws a line on its baseline, away from the edges", () => {
  const { baselineY, end } = sparkline([200, 200], 200, size);
  assert.equal(end?.y, baselineY);
  assert.equal(baselineY, 14);
});

test("without cycles there is nothing to draw", () => {
  assert.deepEqual(sparkline([], null, size), { path: "", area: "", baselineY: null, end: null });
});
