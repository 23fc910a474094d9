import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE, SECOND } from "./time.ts";
import { agentInTest } from "./testing/agent-in-test.ts";

test("silence of two intervals and the grace opens one incident, and the next beat resolves it with the outage", () => {
  const agent = agentInTest();
  agent.beat(0);
  agent.tick(65 * SECOND);
  assert.equal(agent.state.state, "up");
  agent.tick(66 * SECOND);
  assert.equal(agent.state.state, "late");
  assert.deepEqual(agent.notices(), []);
  agent.tick(126 * SECOND);
  assert.equal(agent.state.state, "down");
  agent.tick(10 * MINUTE);
  assert.deepEqual(agent.notices(), ["opened silent"]);
  agent.beat(10 * MINUTE);
  assert.equal(agent.state.state, "up");
  assert.deepEqual(agent.notices(), ["opened silent", "resolved silent"]);
  const outages = agent.effects.flatMap((effect) => (effect.do === "resolve" ? [effect.outageMs] : []));
  assert.deepEqual(outages, [10 * MINUTE]);
});

test("a lease holds the deadline off, and ends with the next beat", () => {
  const agent = agentInTest();
  agent.beat(0, { leaseMs: 10 * MINUTE, leaseReason: "long tool call" });
  agent.tick(9 * MINUTE);
  assert.equal(agent.state.state, "up");
  agent.beat(9.5 * MINUTE);
  agent.tick(9.5 * MINUTE + 66 * SECOND);
  assert.equal(agent.state.state, "late");
});

test("a beat that comes twice counts once, and a late one counts its tokens only", () => {
  const agent = agentInTest();
  agent.beat(0, { runId: "r", instance: "i", seq: 1, tokens: 10 });
  agent.beat(1000, { runId: "r", instance: "i", seq: 3, tokens: 30 });
  agent.beat(2000, { runId: "r", instance: "i", seq: 3, tokens: 30 });
  assert.equal(agent.state.tokensTotal, 40);
  agent.beat(3000, { runId: "r", instance: "i", seq: 2, tokens: 20 });
  assert.equal(agent.state.tokensTotal, 60);
  assert.equal(agent.state.lastBeatAt, 1000);
});

test("the watcher's own outage is not charged to the agent", () => {
  const agent = agentInTest();
  agent.beat(0);
  agent.sightLost(30 * SECOND, 10 * MINUTE);
  assert.equal(agent.state.state, "unknown");
  agent.tick(10 * MINUTE + 65 * SECOND);
  assert.equal(agent.state.state, "unknown");
  agent.beat(10 * MINUTE + 65 * SECOND);
  assert.equal(agent.state.state, "up");
  assert.deepEqual(agent.notices(), []);
});

test("crashes at 0:00, 0:01, 5:01 and 10:01 exhaust the restarts at 10:01", () => {
  const agent = agentInTest({ keeps: true });
  const zero = 60 * MINUTE;
  agent.start(0);
  agent.beat(1000, { runId: "run-1" });
  agent.crash(zero);
  assert.equal(agent.starts().length, 2);
  agent.started(zero);
  agent.crash(zero + SECOND);
  assert.equal(agent.starts().length, 2);
  assert.equal(agent.state.recovery?.phase, "cooldown");
  agent.tick(zero + 5 * MINUTE - 1);
  assert.equal(agent.starts().length, 2);
  agent.tick(zero + 5 * MINUTE);
  assert.equal(agent.starts().length, 3);
  agent.started(zero + 5 * MINUTE);
  agent.crash(zero + 5 * MINUTE + SECOND);
  agent.tick(zero + 10 * MINUTE);
  assert.equal(agent.starts().length, 4);
  agent.started(zero + 10 * MINUTE);
  agent.crash(zero + 10 * MINUTE + SECOND);
  assert.equal(agent.state.recovery.phase, "exhausted");
  assert.deepEqual(agent.notices(), ["opened crashed", "opened needs-human"]);
  agent.tick(zero + 24 * 60 * MINUTE);
  assert.equal(agent.starts().length, 4);
});

test("an announced stop that ends with status 0 is not restarted", () => {
  const agent = agentInTest({ keeps: true });
  agent.start(0);
  agent.beat(1000, { runId: "run-1" });
  agent.beat(2000, { runId: "run-1", status: "shutting_down" });
  agent.exit(3000, { code: 0 });
  assert.equal(agent.state.state, "stopped");
  assert.equal(agent.starts().length, 1);
  assert.deepEqual(agent.notices(), []);
});

test("an agent that fails in every cycle is failing, even if it takes a lease in each", () => {
  const agent = agentInTest();
  for (let cycle = 0; cycle < 3; cycle += 1) {
    agent.beat(cycle * 10 * SECOND, { leaseMs: 60 * SECOND });
    agent.beat(cycle * 10 * SECOND + SECOND, { status: "error", message: "no model answers" });
  }
  assert.deepEqual(agent.notices(), ["opened failing"]);
});

test("an agent that is paused in its cooldown is not started at the end of it", () => {
  const agent = agentInTest({ keeps: true });
  agent.start(0);
  agent.beat(1_000, { runId: "run-1" });
  agent.crash(2_000);
  agent.started(2_000);
  agent.crash(3_000);
  assert.equal(agent.state.recovery?.phase, "cooldown");
  agent.apply({ type: "command", at: 4_000, command: "pause", by: "ops" });
  const before = agent.starts().length;
  agent.tick(HOUR);
  assert.equal(agent.starts().length, before);
  assert.equal(agent.state.state, "paused");
  agent.apply({ type: "command", at: HOUR, command: "resume", by: "ops" });
  assert.equal(agent.starts().length, before + 1);
});

test("an agent watched by its process alone is not unknown for ever after its watcher was blind", () => {
  const agent = agentInTest({ keeps: true, liveness: "process" });
  agent.start(0);
  agent.sightLost(MINUTE, HOUR);
  assert.equal(agent.state.state, "up");
});
