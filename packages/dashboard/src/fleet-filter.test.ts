/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { countStates, matches } from "./fleet-filter.ts";
import { sampleAgent, sampleIncident } from "./testing/sample.ts";

const agent = sampleAgent({ name: "Price-Monitor", host: "mac-mini", tags: ["shop"], state: "late" });

test("every typed word must be found, in whatever the row says", () => {
  assert.equal(matches(agent, { text: " price ", state: null }), true);
  assert.equal(matches(agent, { text: "MINI shop", state: null }), true);
  assert.equal(matches(agent, { text: "price london", state: null }), false);
  const looping = { ...agent, incidents: [sampleIncident({ title: "possible loop" })] };
  assert.equal(matches(looping, { text: "loop", state: null }), true);
});

test("a picked state narrows further", () => {
  assert.equal(matches(agent, { text: "", state: "late" }), true);
  assert.equal(matches(agent, { text: "price", state: "up" }), false);
});

test("states are counted, those that want attention first, and absent ones are left out", () => {
  const fleet = [sampleAgent(), sampleAgent({ state: "paused" }), sampleAgent(), sampleAgent({ state: "down" })];
  assert.deepEqual(countStates(fleet), [
    { state: "down", count: 1 },
    { state: "up", count: 2 },
    { state: "paused", count: 1 },
  ]);
});
