// What a keeper meets beyond a plain process: runs that name themselves, starts that have to wait, state that is not whole.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agentInTest } from "./testing/agent-in-test.ts";
import type { Recovery } from "./recovery.ts";
import { HOUR, MINUTE, SECOND } from "./time.ts";

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

for (const [down, up] of [
  ["pause", "resume"],
  ["stop", "start"],
  ["kill", "start"],
] as const) {
  test(`a ${up} that comes before a ${down} is done starts the agent once it is down`, () => {
    const agent = agentInTest(kept);
    agent.start(0);
    agent.beat(SECOND, { runId: "run-1", instance: "a", seq: 1 });
    agent.apply({ type: "command", at: MINUTE, command: down, by: "ops" });
    agent.apply({ type: "command", at: MINUTE + SECOND, command: up, by: "ops" });
    assert.equal(agent.starts().length, 1, "not beside what is still being stopped");
    agent.exit(MINUTE + 2 * SECOND, { signal: "SIGTERM", stoppedFor: "command" });
    assert.equal(agent.starts().length, 2);
    agent.started(MINUTE + 3 * SECOND);
    agent.beat(MINUTE + 4 * SECOND, { runId: "run-2", instance: "a", seq: 1 });
    assert.equal(agent.state.state, "up");
    assert.equal(agent.state.hold, null);
    assert.deepEqual(agent.notices(), []);
  });
}

test("a stop that follows the start it overtook holds", () => {
  const agent = agentInTest(kept);
  agent.start(0);
  for (const command of ["pause", "resume", "stop"] as const) {
    agent.apply({ type: "command", at: MINUTE, command, by: "ops" });
  }
  agent.exit(2 * MINUTE, { signal: "SIGTERM", stoppedFor: "command" });
  assert.equal(agent.starts().length, 1);
  assert.equal(agent.state.recovery?.phase, "stopped");
});

const told = (more: Partial<Recovery>): { readonly type: "recovery-reported"; readonly recovery: Recovery } => ({
  type: "recovery-reported",
  recovery: {
    ...{ phase: "starting", attempt: 0, of: 3, until: null, startedAt: null, runId: null, pid: null, then: null },
    ...{ reason: null, restarts: [], troubleSince: null },
    ...more,
  },
});

test("a server that is told why an agent is not started says so in the title, and nothing of silence after it", () => {
  const agent = agentInTest();
  agent.apply({ type: "supervisor-seen", at: 0, supervisor: "sup-1", host: "box-1" });
  agent.apply({ ...told({ phase: "starting" }), at: 0 });
  const reason = "its folder does not exist";
  agent.apply({ type: "start-refused", at: SECOND, runId: "run-1", reason });
  agent.apply({ ...told({ phase: "exhausted", reason: `it could not be started: ${reason}` }), at: SECOND });
  for (const at of [3 * MINUTE, 4 * MINUTE, HOUR]) agent.tick(at);
  assert.deepEqual(agent.notices(), ["opened needs-human"]);
  assert.equal(agent.state.incidents[0]?.title, `needs you: it could not be started: ${reason}`);
  assert.equal(agent.state.state, "down", "and not late: no beat is expected");
});

test("a server shows an agent as up whose process is all that is watched, from each start that holds", () => {
  const agent = agentInTest({ liveness: "process" });
  agent.apply({ type: "supervisor-seen", at: 0, supervisor: "sup-1", host: "box-1" });
  agent.apply({ ...told({ phase: "healthy" }), at: SECOND });
  assert.equal(agent.state.state, "up");
  agent.crash(MINUTE);
  assert.equal(agent.state.state, "down");
  agent.apply({ ...told({ phase: "probation", attempt: 1 }), at: MINUTE + SECOND });
  assert.equal(agent.state.state, "up");
});

test("a server that hears of an agent neither by its beats nor by its supervisor does not say that nobody keeps it", () => {
  const agent = agentInTest({ intervalMs: 2 * SECOND });
  agent.apply({ type: "supervisor-seen", at: 0, supervisor: "sup-1", host: "box-1" });
  agent.beat(SECOND);
  const effects = [5, 8, 20, 30].flatMap((seconds) => agent.tick(seconds * SECOND));
  const [notice] = effects.filter((effect) => effect.do === "notify");
  assert.match(notice?.text ?? "", /Its supervisor on box-1 has said nothing of it\. Check its process/);
});
