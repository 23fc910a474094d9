import assert from "node:assert/strict";
import { test } from "node:test";
import { sourcesAt } from "./metering.ts";
import { agentInTest } from "./testing/agent-in-test.ts";
import { MINUTE, SECOND } from "./time.ts";

test("calls told of by the proxy, in a log, in a span and in a metric are counted once", () => {
  const agent = agentInTest();
  for (let at = SECOND; at < 10 * MINUTE; at += 20 * SECOND) {
    agent.calls(at, { source: "proxy" });
    agent.calls(at + 5 * SECOND, { source: "log", at }, { source: "span", at });
    agent.calls(at + 15 * SECOND, { source: "metric", at });
  }
  assert.equal(agent.state.tokensTotal, 30 * 100);
  assert.equal(agent.state.costUsdMicrosTotal, 30 * 10_000);
});

test("the tokens of a beat are not added to calls that were metered in its cycle, however long the cycle took", () => {
  const agent = agentInTest();
  for (let cycle = 0; cycle < 5; cycle += 1) {
    const from = cycle * 40 * MINUTE;
    agent.calls(from + MINUTE, {}, {});
    agent.beat(from + 39 * MINUTE, { tokens: 200, costUsdMicros: 20_000 });
  }
  assert.equal(agent.state.tokensTotal, 5 * 200);
  assert.equal(agent.state.costUsdMicrosTotal, 5 * 20_000);
});

test("where beats counted first, telemetry that lags behind them adds nothing", () => {
  const agent = agentInTest();
  for (let at = SECOND; at < 5 * MINUTE; at += 10 * SECOND) {
    agent.beat(at, { tokens: 100 });
    agent.calls(at + 5 * SECOND, { source: "log", at });
  }
  assert.equal(agent.state.tokensTotal, 30 * 100);
});

test("beats that tell no tokens leave the counting to whoever meters", () => {
  const agent = agentInTest();
  for (let at = SECOND; at < 5 * MINUTE; at += 10 * SECOND) {
    agent.calls(at, { source: "span" });
    agent.beat(at + SECOND);
  }
  assert.equal(agent.state.tokensTotal, 30 * 100);
});

test("providers are counted apart: one through the proxy, another by telemetry", () => {
  const agent = agentInTest();
  agent.calls(SECOND, { source: "proxy", provider: "openai" }, { source: "log", provider: "anthropic" });
  agent.calls(2 * SECOND, { source: "proxy", provider: "openai" }, { source: "log", provider: "anthropic" });
  assert.equal(agent.state.tokensTotal, 400);
  assert.deepEqual(sourcesAt(agent.state.metering, 2 * SECOND), ["proxy", "log"]);
});

test("a source that has been silent for more than ten minutes gives way, and so does one of an earlier run", () => {
  const agent = agentInTest();
  agent.beat(0, { runId: "a" });
  agent.calls(SECOND, { source: "log" });
  agent.calls(9 * MINUTE, { source: "metric" });
  assert.equal(agent.state.tokensTotal, 100);
  agent.calls(12 * MINUTE, { source: "metric" });
  assert.equal(agent.state.tokensTotal, 200);
  agent.beat(12 * MINUTE + SECOND, { runId: "a", status: "stopped" });
  agent.beat(12 * MINUTE + 2 * SECOND, { runId: "b" });
  agent.calls(12 * MINUTE + 3 * SECOND, { source: "span" });
  assert.equal(agent.state.tokensTotal, 300);
});

test("what was metered before the first beat of a run is not counted again by that beat", () => {
  const agent = agentInTest();
  agent.calls(SECOND, {}, {});
  agent.beat(2 * SECOND, { runId: "a", tokens: 200 });
  assert.equal(agent.state.tokensTotal, 200);
  agent.beat(3 * SECOND, { runId: "a", status: "stopped" });
  agent.calls(5 * SECOND, {});
  agent.beat(6 * SECOND, { runId: "b", tokens: 100 });
  assert.equal(agent.state.tokensTotal, 300);
});

test("an agent that is known only by what it spends is not missed, and its minutes are its cycles", () => {
  const agent = agentInTest({}, (state) => ({ ...state, nextMissAt: null }));
  for (let minute = 0; minute < 20; minute += 1) agent.calls(minute * MINUTE + SECOND, {}, {});
  assert.deepEqual(agent.notices(), []);
  assert.equal(agent.state.state, "new");
  const minutes = agent.effects.filter((effect) => effect.do === "keep-minute");
  assert.equal(minutes.length, 19);
  assert.ok(minutes.every(({ tokens }) => tokens === 200));
  agent.calls(20 * MINUTE, { inputTokens: 40_000 });
  assert.deepEqual(agent.notices(), ["opened runaway"]);
});

test("the last minute of such an agent ends by itself", () => {
  const agent = agentInTest();
  agent.calls(SECOND, {});
  agent.tick(MINUTE);
  assert.equal(agent.effects.filter((effect) => effect.do === "keep-minute").length, 0);
  agent.tick(3 * MINUTE);
  assert.equal(agent.effects.filter((effect) => effect.do === "keep-minute").length, 1);
});

test("a loop inside a cycle that never ends is found by its metered calls, without a beat", () => {
  const agent = agentInTest();
  for (let cycle = 0; cycle < 50; cycle += 1) {
    agent.calls(cycle * MINUTE + SECOND, {}, {});
    agent.beat(cycle * MINUTE + 30 * SECOND, { cycle, cycleMs: 900 });
  }
  for (let call = 0; call < 40; call += 1) agent.calls(50 * MINUTE + call * SECOND, { inputTokens: 490 });
  assert.deepEqual(
    agent.notices().filter((notice) => notice.endsWith("runaway")),
    ["opened runaway"],
  );
});

test("a cycle whose kind is not known yet is news only if it would be for each kind", () => {
  const agent = agentInTest();
  for (let cycle = 0; cycle < 120; cycle += 1) {
    const acts = cycle % 3 === 0;
    agent.calls(cycle * MINUTE + SECOND, { inputTokens: acts ? 20_000 : 190, outputTokens: 10 });
    agent.beat(cycle * MINUTE + 30 * SECOND, { cycle, cycleMs: 900, cycleKind: acts ? "act" : "poll" });
  }
  assert.deepEqual(agent.notices(), []);
  agent.calls(120 * MINUTE, { inputTokens: 300_000 });
  assert.deepEqual(agent.notices(), ["opened runaway"]);
});

test("while it shuts down metered calls are counted and not judged", () => {
  const agent = agentInTest();
  for (let cycle = 0; cycle < 50; cycle += 1) {
    agent.calls(cycle * MINUTE + SECOND, {}, {});
    agent.beat(cycle * MINUTE + 30 * SECOND);
  }
  agent.beat(50 * MINUTE, { status: "shutting_down" });
  agent.calls(50 * MINUTE + SECOND, { inputTokens: 90_000 });
  assert.deepEqual(agent.notices(), []);
  assert.equal(agent.state.tokensTotal, 50 * 200 + 90_010);
});
