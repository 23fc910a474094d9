// What a keeper meets beyond a plain process: runs that name themselves, starts that have to wait, state that is not whole.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agentInTest } from "./testing/agent-in-test.ts";
import { MINUTE, SECOND } from "./time.ts";

const kept = { keeps: true } as const;

test("where the agent names its own runs, an attempt is proven by a new run and not by a straggler of the last", () => {
  const agent = agentInTest({ ...kept, namesRuns: false });
  agent.start(0);
  agent.beat(SECOND, { runId: "own-1", instance: "a", seq: 1 });
  assert.equal(agent.state.recovery?.phase, "healthy");
  agent.crash(MINUTE);
  agent.started(MINUTE + SECOND);
  agent.beat(MINUTE + 2 * SECOND, { runId: "own-1", instance: "a", seq: 2 });
  assert.equal(agent.state.recovery.phase, "starting", "a beat that was on its way proves nothing");
  agent.beat(MINUTE + 3 * SECOND, { runId: "own-2", instance: "b", seq: 1 });
  assert.equal(agent.state.recovery.phase, "probation");
});

test("where the agent names no runs, any beat after the start proves it", () => {
  const agent = agentInTest({ ...kept, namesRuns: false });
  agent.start(0);
  agent.beat(SECOND);
  assert.equal(agent.state.recovery?.phase, "healthy");
});

test("a start that has to wait is not taken for a hang, however long it waits", () => {
  const agent = agentInTest(kept);
  agent.apply({ type: "command", at: 0, command: "start", by: "supervisor" });
  agent.tick(60 * MINUTE);
  assert.deepEqual(agent.notices(), []);
  agent.started(61 * MINUTE);
  agent.tick(64 * MINUTE);
  assert.deepEqual(agent.notices(), ["opened hung"], "its deadline runs from the start itself");
});

test("what keeps an agent from being started wakes somebody once it takes longer than a start may, and is over by itself", () => {
  const agent = agentInTest(kept);
  agent.apply({ type: "command", at: 0, command: "start", by: "supervisor" });
  agent.apply({ type: "start-delayed", at: 5 * SECOND, reason: "Docker cannot be reached" });
  assert.deepEqual(agent.notices(), [], "a daemon that restarts is no reason to wake anybody");
  agent.apply({ type: "start-delayed", at: 3 * MINUTE, reason: "Docker cannot be reached" });
  agent.apply({ type: "start-delayed", at: 4 * MINUTE, reason: "Docker cannot be reached" });
  assert.deepEqual(agent.notices(), ["opened needs-human"]);
  agent.started(5 * MINUTE);
  assert.deepEqual(agent.notices(), ["opened needs-human", "resolved needs-human"]);
  assert.equal(agent.state.recovery?.attempt, 0, "and was no attempt");
});

test("restored state is told at once, and is over when the restart has proven itself", () => {
  const agent = agentInTest(kept);
  agent.start(0);
  agent.beat(SECOND, { runId: "run-1", instance: "a", seq: 1 });
  agent.crash(MINUTE);
  agent.apply({ type: "state-invalid", at: MINUTE, reason: "state.json is cut off", action: "restored", text: "." });
  agent.started(MINUTE + SECOND);
  agent.beat(MINUTE + 2 * SECOND, { runId: "run-2", instance: "a", seq: 1 });
  assert.ok(!agent.notices().includes("resolved state-invalid"));
  for (let seq = 2; seq < 13; seq += 1) {
    agent.beat(seq * MINUTE, { runId: "run-2", instance: "a", seq });
    agent.tick(seq * MINUTE);
  }
  assert.deepEqual(
    agent.notices().filter((notice) => notice.includes("state-invalid")),
    ["opened state-invalid", "resolved state-invalid"],
  );
});

test("state that nothing could be done about ends the automatic restarts with one alert, until a person acts", () => {
  const agent = agentInTest(kept);
  agent.start(0);
  agent.beat(SECOND, { runId: "run-1", instance: "a", seq: 1 });
  agent.crash(MINUTE);
  agent.apply({ type: "state-invalid", at: MINUTE, reason: "state.json is cut off", action: "stopped", text: "." });
  assert.equal(agent.state.recovery?.phase, "exhausted");
  assert.ok(!agent.notices().includes("opened needs-human"));
  agent.apply({ type: "command", at: 2 * MINUTE, command: "restart", by: "ops" });
  assert.ok(agent.notices().includes("resolved state-invalid"));
  assert.equal(agent.starts().at(-1)?.attempt, 0);
});
