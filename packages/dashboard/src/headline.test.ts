/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import { byAttention } from "./attention.ts";
import { headlineOf } from "./headline.ts";
import { sampleAgent, sampleIncident } from "./testing/sample.ts";

const up = sampleAgent({ name: "up" });
const down = sampleAgent({ name: "down", state: "down", incidents: [sampleIncident()] });
const late = sampleAgent({ name: "late", state: "late" });
const paused = sampleAgent({ name: "paused", state: "paused" });
const looping = sampleAgent({ name: "looping", incidents: [sampleIncident({ kind: "runaway" })] });
const warned = sampleAgent({ name: "warned", incidents: [sampleIncident({ kind: "drift", severity: "warn" })] });
const exhausted = sampleAgent({
  name: "exhausted",
  state: "down",
  recovery: { phase: "exhausted", attempt: 3, of: 3, next_attempt_at: null, reason: null },
});

test("a calm fleet is said to be up in so many words", () => {
  assert.equal(headlineOf([]).sentence, "No agents yet.");
  assert.equal(headlineOf([sampleAgent()]).sentence, "my-agent is up.");
  assert.equal(headlineOf([up, up]).sentence, "Both agents are up.");
  assert.equal(headlineOf([up, up, up, up, up]).sentence, "All 5 agents are up.");
});

test("agents at rest on purpose are not trouble", () => {
  const { sentence, attention } = headlineOf([up, up, paused]);
  assert.equal(sentence, "All 2 running agents are up.");
  assert.equal(attention, "well");
  assert.equal(headlineOf([paused]).sentence, "my-agent is paused.".replace("my-agent", "paused"));
  assert.equal(headlineOf([paused, paused]).sentence, "No agent is running.");
});

test("the worst comes first", () => {
  const { sentence, attention } = headlineOf([up, down, looping, up, late]);
  assert.equal(sentence, "1 agent needs you, 1 is down, 1 is late.");
  assert.equal(attention, "needs-you");
  assert.equal(headlineOf([down, down]).sentence, "2 agents are down.");
});

test("an agent with exhausted restarts needs a person, and is not counted twice", () => {
  assert.equal(headlineOf([exhausted, down]).sentence, "1 agent needs you, 1 is down.");
});

test("an acknowledged possible loop is a warning: somebody is looking at it", () => {
  const seen = { ...looping, incidents: [sampleIncident({ kind: "runaway", acknowledged: true })] };
  assert.equal(headlineOf([seen]).sentence, "1 agent has a warning.");
});

test("an incident for the report only leaves an agent well", () => {
  const spiked = { ...up, incidents: [sampleIncident({ kind: "spike", severity: "info" })] };
  assert.equal(headlineOf([spiked, up]).sentence, "Both agents are up.");
});

test("the fleet is ordered by what it wants from a person, then by name as people count", () => {
  const ten = sampleAgent({ name: "bot-10" });
  const two = sampleAgent({ name: "bot-2" });
  const order = byAttention([ten, paused, two, warned, late, down, exhausted]).map((one) => one.name);
  assert.deepEqual(order, ["exhausted", "down", "late", "warned", "bot-2", "bot-10", "paused"]);
});
