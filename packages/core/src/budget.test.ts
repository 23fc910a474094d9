import assert from "node:assert/strict";
import { test } from "node:test";
import { answerFor } from "./answer.ts";
import type { BudgetLimits } from "./budget-limit.ts";
import { nextDeadline } from "./deadline.ts";
import { defaultSettings, type AgentSettings } from "./settings.ts";
import { agentInTest, type AgentInTest } from "./testing/agent-in-test.ts";
import { randomOf } from "./testing/random.ts";
import { DAY, HOUR, MINUTE, SECOND } from "./time.ts";

const dollar = 1_000_000;

function withBudget(budget: BudgetLimits, over: Partial<AgentSettings> = {}): AgentInTest {
  return agentInTest({ budget, ...over });
}

function heldBy(agent: AgentInTest): string | null {
  return agent.state.hold?.by ?? null;
}

function heldUntil(agent: AgentInTest): number | null {
  return agent.state.hold?.until ?? null;
}

function kinds(agent: AgentInTest): readonly string[] {
  return agent.state.incidents.map(({ kind }) => kind);
}

test("80 % warns once, 100 % pauses and pages once, whatever is spent after that", () => {
  const agent = withBudget({ usd_per_day: 5 * dollar });
  for (let beat = 1; beat <= 60; beat += 1) agent.beat(beat * MINUTE, { tokens: 100, costUsdMicros: 0.1 * dollar });
  assert.deepEqual(agent.notices(), ["opened budget-warning", "opened budget-exceeded", "resolved budget-warning"]);
  assert.equal(agent.state.state, "paused");
  const { directive, warning, reason } = answerFor(agent.state, defaultSettings);
  assert.deepEqual([directive, warning], ["pause", "cost_exceeded"]);
  assert.equal(reason, "paused: its budget of $5 a day is spent: $5");
});

test("the pause ends by itself when the day does, once, and the agent is waited for again", () => {
  const agent = withBudget({ usd_per_day: 5 * dollar });
  agent.beat(20 * HOUR, { costUsdMicros: 6 * dollar, tokens: 1 });
  assert.equal(agent.state.state, "paused");
  assert.equal(nextDeadline(agent.state, defaultSettings), DAY);
  agent.tick(DAY);
  assert.deepEqual(agent.notices(), ["opened budget-exceeded", "resolved budget-exceeded"]);
  assert.equal(heldBy(agent), null);
  assert.equal(agent.state.state, "unknown");
  agent.beat(DAY + SECOND);
  assert.equal(agent.state.state, "up");
});

test("of several limits the last to end decides how long it is paused", () => {
  const agent = withBudget({ tokens_per_hour: 1_000, tokens_per_day: 1_500 });
  agent.beat(MINUTE, { tokens: 1_200 });
  assert.equal(heldUntil(agent), HOUR);
  agent.beat(2 * MINUTE, { tokens: 400 });
  assert.equal(heldUntil(agent), DAY);
  agent.tick(HOUR);
  assert.equal(heldUntil(agent), DAY);
  agent.tick(DAY);
  assert.equal(heldBy(agent), null);
});

test("raising the cap ends the pause; a person's resume does not get past a budget that is spent", () => {
  const limits: Record<string, number> = { usd_per_day: 5 * dollar };
  const agent = withBudget(limits);
  agent.beat(MINUTE, { costUsdMicros: 5 * dollar, tokens: 1 });
  agent.apply({ type: "command", at: 2 * MINUTE, command: "resume", by: "someone" });
  assert.equal(heldBy(agent), "budget");
  limits["usd_per_day"] = 8 * dollar;
  agent.apply({ type: "settings-changed", at: 3 * MINUTE });
  assert.equal(heldBy(agent), null);
  assert.deepEqual(kinds(agent), []);
});

test("a cycle above its cap pauses until a person resumes, and no period ends that", () => {
  const agent = withBudget({ tokens_per_cycle: 1_000 });
  agent.beat(MINUTE, { tokens: 900 });
  agent.beat(2 * MINUTE, { tokens: 200 });
  assert.equal(heldBy(agent), null);
  agent.beat(3 * MINUTE, { tokens: 1_000 });
  assert.equal(heldUntil(agent), null);
  agent.tick(2 * DAY);
  assert.equal(heldBy(agent), "budget");
  agent.apply({ type: "command", at: 2 * DAY, command: "resume", by: "someone" });
  assert.equal(heldBy(agent), null);
  assert.deepEqual(kinds(agent), []);
});

test("a cycle is stopped at its cap while it runs, by its metered calls", () => {
  const agent = withBudget({ tokens_per_cycle: 1_000 });
  agent.beat(MINUTE, { cycle: 1, cycleMs: 900 });
  for (let call = 1; call <= 10; call += 1) agent.calls(MINUTE + call * SECOND, {});
  assert.equal(heldBy(agent), "budget");
});

test("metered calls count against the same budget as beats", () => {
  const agent = withBudget({ usd_per_day: 1 * dollar });
  agent.beat(SECOND);
  for (let call = 1; call <= 100; call += 1) agent.calls(call * SECOND, {});
  assert.equal(heldBy(agent), "budget");
});

test("a budget in dollars says when it cannot see all of the spending", () => {
  const agent = withBudget({ usd_per_day: 1 * dollar });
  agent.beat(SECOND);
  agent.calls(2 * SECOND, { cost: null }, { cost: 0.9 * dollar });
  assert.match(agent.state.incidents[0]?.text ?? "", /no known price/);
});

test("it holds while the agent shuts down, and a person's pause is not taken away by it", () => {
  const agent = withBudget({ tokens_per_day: 1_000 });
  agent.beat(SECOND);
  agent.beat(2 * SECOND, { status: "shutting_down" });
  agent.beat(3 * SECOND, { status: "shutting_down", tokens: 2_000 });
  assert.equal(heldBy(agent), "budget");
  agent.apply({ type: "command", at: 4 * SECOND, command: "pause", by: "someone" });
  agent.tick(DAY);
  assert.equal(heldBy(agent), "person");
});

test("a limit that is set in the middle of a day knows what was spent in the morning", () => {
  const limits: Record<string, number> = {};
  const agent = withBudget(limits);
  agent.beat(HOUR, { tokens: 900 });
  limits["tokens_per_day"] = 500;
  agent.apply({ type: "settings-changed", at: 2 * HOUR });
  assert.equal(heldBy(agent), "budget");
});

test("what is told late counts in the period in which it was spent", () => {
  const agent = withBudget({ tokens_per_day: 1_000 });
  agent.beat(DAY + HOUR, { tokens: 100 });
  agent.calls(DAY + HOUR, { at: DAY - HOUR, inputTokens: 5_000 });
  assert.equal(heldBy(agent), null);
  assert.equal(agent.state.budget.day?.tokens, 100);
});

test("in any order of spending, raising, resuming and waiting: held by the budget just while a limit is reached", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomOf(seed);
    const limits: Record<string, number> = { tokens_per_hour: 1_000, tokens_per_day: 5_000 };
    const agent = withBudget(limits);
    agent.beat(SECOND);
    let at = SECOND;
    for (let step = 0; step < 120; step += 1) {
      at += Math.round(random() * 20 * MINUTE);
      for (;;) {
        const due = nextDeadline(agent.state, { ...defaultSettings, budget: limits });
        if (due === null || due > at) break;
        agent.tick(due);
      }
      const luck = random();
      if (luck < 0.7) agent.beat(at, { tokens: Math.round(random() * 600) });
      else if (luck < 0.8) agent.apply({ type: "command", at, command: "resume", by: "someone" });
      else {
        limits["tokens_per_hour"] = Math.round(500 + random() * 2_000);
        agent.apply({ type: "settings-changed", at });
      }
      const { hour, day } = agent.state.budget;
      const reached =
        (hour?.tokens ?? 0) >= (limits["tokens_per_hour"] ?? 0) ||
        (day?.tokens ?? 0) >= (limits["tokens_per_day"] ?? 0);
      assert.equal(heldBy(agent) === "budget", reached, `seed ${seed}, step ${step}`);
      assert.equal(kinds(agent).includes("budget-exceeded"), reached, `seed ${seed}, step ${step}`);
    }
  }
});

test("where a supervisor keeps the agent without a server, the pause stops it and its end starts it, which is no attempt", () => {
  const agent = withBudget({ tokens_per_hour: 1_000 }, { keeps: true });
  agent.start(0);
  agent.beat(MINUTE, { runId: "run-1", tokens: 1_200 });
  assert.deepEqual(
    agent.effects.filter((effect) => effect.do === "stop").map(({ why }) => why),
    ["budget"],
  );
  agent.exit(MINUTE + SECOND, { signal: "SIGTERM", stoppedFor: "budget" });
  agent.tick(HOUR);
  assert.deepEqual(
    agent.starts().map(({ attempt }) => attempt),
    [0, 0],
  );
  assert.equal(agent.state.recovery?.attempt, 0);
});
