import assert from "node:assert/strict";
import { test } from "node:test";
import { newAgent, wholeState } from "./agent.ts";
import { defaultSettings } from "./settings.ts";
import type { AgentState } from "./state.ts";

test("a state that an earlier Midwatch stored is made whole, and one of today is left as it is", () => {
  const today = newAgent("bot", 0, defaultSettings);
  const { metering, budget, budgetReviewAt, repetition, cost, ...rest } = today;
  const earlier = { ...rest, cost: { kinds: cost.kinds, open: cost.open } };
  // What stood in the file is what the type of its day said.
  assert.deepEqual(wholeState(earlier as unknown as AgentState), today);
  assert.deepEqual([metering, budget.cycle.tokens, budgetReviewAt, repetition.calls], [{}, 0, null, []]);
  assert.deepEqual(wholeState(today), today);
});

test("an agent that is known only by what it spends is not waited for", () => {
  assert.notEqual(newAgent("bot", 0, defaultSettings).nextMissAt, null);
  assert.equal(newAgent("bot", 0, defaultSettings, { awaited: false }).nextMissAt, null);
});
