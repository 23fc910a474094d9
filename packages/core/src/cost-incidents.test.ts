import assert from "node:assert/strict";
import { test } from "node:test";
import { answerFor } from "./answer.ts";
import { defaultSettings } from "./settings.ts";
import { agentInTest, type AgentInTest } from "./testing/agent-in-test.ts";
import { SECOND } from "./time.ts";

function spend(agent: AgentInTest, cycles: number, tokens: number, status: "ok" | "shutting_down" = "ok"): void {
  for (let i = 0; i < cycles; i += 1) agent.beat(agent.state.now + 10 * SECOND, { tokens, status });
}

function warningOf(agent: AgentInTest): string | null {
  return answerFor(agent.state, defaultSettings).warning;
}

test("50 cycles of 200 tokens, then one of 40,000: possible loop on that very beat, in the answer too", () => {
  const agent = agentInTest();
  spend(agent, 50, 200);
  assert.equal(warningOf(agent), null);
  spend(agent, 1, 40_000);
  assert.deepEqual(agent.notices(), ["opened runaway"]);
  assert.equal(warningOf(agent), "loop_detected");
  assert.match(
    agent.state.incidents[0]?.title ?? "",
    /^possible loop: 40,000 tokens in one cycle, 200 × the usual 200$/,
  );
});

for (const more of [5, 50]) {
  test(`${more} more such cycles keep it open`, () => {
    const agent = agentInTest();
    spend(agent, 50, 200);
    spend(agent, 1 + more, 40_000);
    assert.deepEqual(agent.notices(), ["opened runaway"]);
    assert.equal(warningOf(agent), "loop_detected");
  });
}

test("three usual cycles end it, and say so once", () => {
  const agent = agentInTest();
  spend(agent, 50, 200);
  spend(agent, 1, 40_000);
  spend(agent, 10, 200);
  assert.deepEqual(agent.notices(), ["opened runaway", "resolved runaway"]);
  assert.equal(warningOf(agent), null);
});

test("the same burst after shutting_down raises nothing, and is counted", () => {
  const agent = agentInTest();
  spend(agent, 50, 200);
  spend(agent, 5, 40_000, "shutting_down");
  assert.deepEqual(agent.notices(), []);
  assert.equal(agent.state.tokensTotal, 50 * 200 + 5 * 40_000);
});

test("a cycle that never ends is judged by what it has used so far", () => {
  const agent = agentInTest();
  for (let cycle = 0; cycle < 50; cycle += 1) {
    agent.beat(agent.state.now + SECOND, { cycle, cycleMs: 900, tokens: 200 });
  }
  for (let i = 0; i < 4; i += 1) agent.beat(agent.state.now + SECOND, { cycle: 50, tokens: 900 });
  assert.deepEqual(agent.notices(), ["opened runaway"]);
});

test("with on_runaway: pause the agent is told to pause, until a person resumes it", () => {
  const settings = { ...defaultSettings, onRunaway: "pause" as const };
  const agent = agentInTest(settings);
  spend(agent, 50, 200);
  spend(agent, 1, 40_000);
  assert.equal(answerFor(agent.state, settings).directive, "pause");
  assert.equal(agent.state.state, "paused");
  spend(agent, 20, 0);
  assert.equal(agent.state.state, "paused");
  agent.apply({ type: "command", at: agent.state.now, command: "resume", by: "someone" });
  spend(agent, 1, 200);
  assert.equal(agent.state.state, "up");
});

test("accepting the baseline ends the incident by a person, and the new cost is then usual", () => {
  const agent = agentInTest();
  spend(agent, 50, 200);
  spend(agent, 60, 40_000);
  agent.apply({ type: "command", at: agent.state.now, command: "accept-baseline", by: "someone" });
  assert.deepEqual(agent.notices(), ["opened runaway", "resolved runaway"]);
  spend(agent, 60, 40_000);
  assert.deepEqual(agent.notices(), ["opened runaway", "resolved runaway"]);
});

test("what a run spent in a cycle that it did not live to end is not added to a cycle of the next run", () => {
  const agent = agentInTest();
  for (let life = 1; life <= 8; life += 1) {
    agent.beat(agent.state.now + 10 * SECOND, { runId: `run-${life}`, cycle: 1, tokens: 60_000, leaseMs: SECOND });
  }
  assert.equal(agent.state.cost.open?.tokens, 60_000);
  assert.deepEqual(agent.notices(), []);
});

test("acknowledging is not accepting: the runaway stays open, and nothing of it is learned", () => {
  const agent = agentInTest();
  spend(agent, 50, 200);
  spend(agent, 20, 40_000);
  agent.apply({ type: "acknowledged", at: agent.state.now, kind: "runaway", by: "someone" });
  spend(agent, 100, 40_000);
  assert.deepEqual(agent.notices(), ["opened runaway"]);
  spend(agent, 5, 200);
  spend(agent, 1, 40_000);
  assert.deepEqual(agent.notices(), ["opened runaway", "resolved runaway", "opened runaway"]);
});

test("a drift warns, and is the new normal after fifty cycles, without a person", () => {
  const agent = agentInTest();
  spend(agent, 400, 1_500);
  spend(agent, 200, 6_000);
  assert.deepEqual(agent.notices(), ["opened drift", "resolved drift"]);
  assert.equal(warningOf(agent), null);
});

test("growth of one percent a cycle is told as a drift, and then as a possible loop in its place", () => {
  const agent = agentInTest();
  spend(agent, 400, 1_500);
  for (let n = 0; n < 200; n += 1) spend(agent, 1, Math.round(1_500 * 1.01 ** n));
  assert.deepEqual(agent.notices(), ["opened drift", "resolved drift", "opened runaway"]);
});
