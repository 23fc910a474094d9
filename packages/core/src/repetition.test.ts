import assert from "node:assert/strict";
import { test } from "node:test";
import { answerFor } from "./answer.ts";
import { defaultSettings } from "./settings.ts";
import { agentInTest, type AgentInTest } from "./testing/agent-in-test.ts";
import { MINUTE, SECOND } from "./time.ts";

/** "search:a" is the tool `search` with arguments whose digest is `a`; "search" is one whose arguments are not told. */
function uses(agent: AgentInTest, ...calls: string[]): void {
  const tools = calls.map((call) => {
    const [name = "", argsHash = null] = call.split(":");
    return { name, argsHash };
  });
  for (const tool of tools) agent.beat(agent.state.now + 10 * SECOND, { tools: [tool] });
}

test("the same tool with the same arguments three times among the last ten calls is repetition", () => {
  const agent = agentInTest();
  uses(agent, "query:a", "read:b", "query:a", "write:c", "list:d", "read:e", "query:a");
  assert.deepEqual(agent.notices(), ["opened repetition"]);
  assert.match(agent.state.incidents[0]?.title ?? "", /query called 3 times with the same arguments/);
  assert.equal(answerFor(agent.state, defaultSettings).warning, "loop_detected");
});

test("the same tool with other arguments is work, and so is a tool whose arguments nobody told", () => {
  const agent = agentInTest();
  uses(agent, "search:a", "search:b", "search:c", "search:d", "search:e", "search:f");
  uses(agent, "search", "search", "search", "search", "search");
  assert.deepEqual(agent.notices(), []);
});

test("a round of calls gone through three times is repetition, even when no call comes three times in ten", () => {
  const agent = agentInTest();
  const round = ["a:1", "b:2", "c:3", "d:4", "e:5"];
  uses(agent, ...round, ...round);
  assert.deepEqual(agent.notices(), []);
  uses(agent, ...round);
  assert.deepEqual(agent.notices(), ["opened repetition"]);
  assert.match(agent.state.incidents[0]?.text ?? "", /a → b → c → d → e/);
});

test("it ends when other things are done, once", () => {
  const agent = agentInTest();
  uses(agent, "query:a", "query:a", "query:a", "query:a");
  uses(agent, ...Array.from({ length: 20 }, (_, index) => `read:${index}`));
  assert.deepEqual(agent.notices(), ["opened repetition", "resolved repetition"]);
});

test("a tool that is meant to be asked again and again is none", () => {
  const agent = agentInTest({ pollingTools: ["job_status"] });
  uses(agent, ...Array.from({ length: 30 }, () => "job_status:a"));
  assert.deepEqual(agent.notices(), []);
});

test("while it shuts down nothing is repetition", () => {
  const agent = agentInTest();
  agent.beat(SECOND);
  agent.beat(2 * SECOND, { status: "shutting_down" });
  for (let i = 0; i < 5; i += 1) {
    agent.beat(3 * SECOND + i, { status: "shutting_down", tools: [{ name: "delete", argsHash: "a" }] });
  }
  assert.deepEqual(agent.notices(), []);
});

test("the very same request five times running within one cycle is repetition; once a cycle it is a poll", () => {
  const agent = agentInTest();
  for (let cycle = 0; cycle < 20; cycle += 1) {
    agent.calls(cycle * MINUTE + SECOND, { promptHash: "what is new" });
    agent.beat(cycle * MINUTE + 2 * SECOND, { cycle, cycleMs: 900 });
  }
  assert.deepEqual(agent.notices(), []);
  for (let call = 0; call < 5; call += 1) {
    agent.calls(20 * MINUTE + SECOND + call, { promptHash: "what is new" });
  }
  assert.deepEqual(agent.notices(), ["opened repetition"]);
});

test("seen from outside, the same call once a cycle is a poll, and three times in one cycle is repetition", () => {
  const agent = agentInTest();
  const tools = [{ name: "check_inbox", argsHash: "a" }];
  for (let cycle = 0; cycle < 20; cycle += 1) {
    agent.calls(cycle * MINUTE + SECOND, { tools });
    agent.beat(cycle * MINUTE + 2 * SECOND, { cycle, cycleMs: 900 });
  }
  assert.deepEqual(agent.notices(), []);
  agent.calls(20 * MINUTE, { tools }, { tools }, { tools });
  assert.deepEqual(agent.notices(), ["opened repetition"]);
});

test("a request that failed and is tried again costs nothing, and is none", () => {
  const agent = agentInTest();
  agent.beat(SECOND);
  for (let call = 0; call < 9; call += 1) {
    agent.calls(2 * SECOND + call, { promptHash: "a", inputTokens: 0, outputTokens: 0, outcome: "failed" });
  }
  assert.deepEqual(agent.notices(), []);
});

test("in shadow mode all is decided and recorded, and nobody is told", () => {
  const settings = { ...defaultSettings, detector: "shadow" as const, onRunaway: "pause" as const };
  const agent = agentInTest(settings);
  for (let cycle = 0; cycle < 50; cycle += 1) agent.beat(agent.state.now + 10 * SECOND, { tokens: 200 });
  agent.beat(agent.state.now + 10 * SECOND, { tokens: 40_000 });
  uses(agent, "query:a", "query:a", "query:a");
  assert.deepEqual(agent.notices(), []);
  assert.deepEqual(agent.state.incidents.map(({ kind }) => kind).toSorted(), ["repetition", "runaway"]);
  assert.ok(agent.state.incidents.every(({ severity, numbers }) => severity === "info" && numbers["shadow"] === 1));
  const answer = answerFor(agent.state, settings);
  assert.deepEqual([answer.directive, answer.warning], ["continue", null]);
});
