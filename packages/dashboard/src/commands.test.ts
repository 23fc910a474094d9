/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentView, RecoveryView } from "./api-types.ts";
import { acceptOffer, canAccept, offersFor } from "./commands.ts";
import { sampleAgent } from "./testing/sample.ts";

const kept = (phase: RecoveryView["phase"], over: Partial<AgentView> = {}): AgentView =>
  sampleAgent({
    supervisor: { id: "s1", lost: false },
    recovery: { phase, attempt: 0, of: 3, next_attempt_at: null, reason: null },
    ...over,
  });
const commands = (agent: AgentView): readonly string[] => offersFor(agent).map((one) => one.command);
const paused = { by: "dashboard", reason: "paused by dashboard", until: null };

test("a running supervised agent can be restarted, paused, stopped and killed", () => {
  assert.deepEqual(commands(kept("healthy")), ["restart", "pause", "stop", "kill"]);
  assert.deepEqual(commands(kept("probation")), ["restart", "pause", "stop", "kill"]);
});

test("what does not run can't be stopped", () => {
  assert.deepEqual(commands(kept("stopped", { state: "stopped" })), ["start"]);
  assert.deepEqual(commands(kept("exhausted", { state: "down" })), ["restart", "pause"]);
  assert.deepEqual(commands(kept("cooldown", { state: "down" })), ["restart", "pause", "stop"]);
});

test("what is held can be resumed, and not paused twice", () => {
  assert.deepEqual(commands(kept("stopped", { state: "paused", paused })), ["resume"]);
  assert.deepEqual(commands(sampleAgent({ state: "paused", paused })), ["resume"]);
});

test("without a supervisor nobody can start or end a process", () => {
  assert.deepEqual(commands(sampleAgent()), ["pause"]);
  assert.deepEqual(commands(sampleAgent({ state: "down" })), ["pause"]);
  assert.deepEqual(commands(sampleAgent({ state: "stopped" })), []);
});

test("a supervisor that is not heard from does what was asked as soon as it is back", () => {
  assert.deepEqual(commands(kept("healthy", { supervisor: { id: "s1", lost: true } })), [
    "restart",
    "pause",
    "stop",
    "kill",
  ]);
});

test("what can't be undone is asked back, and marked as grave", () => {
  const questions = new Map(offersFor(kept("healthy")).map((one) => [one.command, one.question]));
  assert.equal(questions.get("stop")?.grave, true);
  assert.equal(questions.get("kill")?.grave, true);
  assert.equal(questions.get("restart")?.grave, false);
  assert.equal(acceptOffer(sampleAgent()).question?.grave, true);
});

test("only an open possible loop or drift can become the new normal", () => {
  assert.equal(canAccept({ kind: "runaway", state: "open" }), true);
  assert.equal(canAccept({ kind: "drift", state: "open" }), true);
  assert.equal(canAccept({ kind: "runaway", state: "resolved" }), false);
  assert.equal(canAccept({ kind: "silent", state: "open" }), false);
});
