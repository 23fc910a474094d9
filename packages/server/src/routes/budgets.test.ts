import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DAY, HOUR, MINUTE } from "@midwatch/core";
import type { AgentView, SharedBudgetView } from "@midwatch/protocol";
import { meterInTest } from "../testing/meter-in-test.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { codeOf, passTime, startTestServer, type TestServer } from "../testing/test-server.ts";

const dollar = 1_000_000;

async function agentOf(midwatch: TestServer, name: string): Promise<AgentView> {
  return (await midwatch.get<AgentView>(`/api/v1/agents/${name}`)).body;
}

test("a budget set by the API pauses at its limit, refuses a resume in words, and ends when it is raised", async () => {
  await using midwatch = await startTestServer();
  await midwatch.beat({ agent: "bot", tokens_used: 100 });
  const set = await midwatch.call("PATCH", "/api/v1/agents/bot", { body: { budget: { tokens_per_day: 1_000 } } });
  assert.equal(set.status, 200);
  const over = await midwatch.beat({ agent: "bot", tokens_used: 900 });
  assert.deepEqual([over.body.directive, over.body.warning], ["pause", "cost_exceeded"]);
  const { paused, budget } = await agentOf(midwatch, "bot");
  assert.match(paused?.reason ?? "", /its budget of 1,000 tokens a day is spent/);
  assert.deepEqual(
    [budget[0]?.name, budget[0]?.spent, budget[0]?.level, budget[0]?.set_by],
    ["tokens_per_day", 1_000, "exceeded", "operator"],
  );
  const refused = await midwatch.post("/api/v1/agents/bot/resume");
  assert.deepEqual([refused.status, codeOf(refused)], [409, "budget_spent"]);
  await midwatch.call("PATCH", "/api/v1/agents/bot", { body: { budget: { tokens_per_day: 5_000 } } });
  assert.equal((await midwatch.beat({ agent: "bot" })).body.directive, "continue");
  await midwatch.call("PATCH", "/api/v1/agents/bot", { body: { budget: { tokens_per_day: null } } });
  assert.deepEqual((await agentOf(midwatch, "bot")).budget, []);
});

test("a pause survives a restart of the server, and ends at the next day of the server's zone without anybody", async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-budget-"));
  const file = join(folder, "midwatch.db");
  const clock = createTestClock("2026-11-24T12:00:00Z");
  const options = { file, clock, timeZone: "Europe/Berlin" };
  {
    await using midwatch = await startTestServer(options);
    await midwatch.beat({ agent: "bot" });
    await midwatch.call("PATCH", "/api/v1/agents/bot", { body: { budget: { usd_per_day: 1 } } });
    await midwatch.beat({ agent: "bot", tokens_used: 5, cost_usd: 1.5 });
  }
  {
    await using midwatch = await startTestServer(options);
    const { state, paused } = await agentOf(midwatch, "bot");
    // Midnight in Berlin is 23:00 UTC in November.
    assert.deepEqual([state, paused?.until], ["paused", "2026-11-24T23:00:00.000Z"]);
    assert.equal((await meterInTest(midwatch).standings()).agents[0]?.directive, "pause");
    clock.advance(11 * HOUR - MINUTE);
    await midwatch.watch.sweeper.turn();
    assert.equal((await agentOf(midwatch, "bot")).state, "paused");
    await passTime(clock, midwatch, 2 * MINUTE);
    assert.equal((await agentOf(midwatch, "bot")).paused, null);
  }
  await rm(folder, { recursive: true });
});

test("a budget for all agents holds every one of them, newcomers too, until it is raised", async () => {
  await using midwatch = await startTestServer({ budgets: { install: { usd_per_day: 1 * dollar }, tags: {} } });
  const meter = meterInTest(midwatch);
  for (const agent of ["a", "b", "c"]) await midwatch.beat({ agent, cost_usd: 0.25, tokens_used: 1 });
  assert.equal((await midwatch.beat({ agent: "a" })).body.directive, "continue");
  const answer = await meter.deliver({ agent: "d", cost_usd_micros: 0.3 * dollar });
  assert.deepEqual(
    answer.body.standings.agents.map(({ agent, directive }) => [agent, directive]),
    [
      ["a", "pause"],
      ["b", "pause"],
      ["c", "pause"],
      ["d", "pause"],
    ],
  );
  assert.equal(answer.body.standings.others.directive, "pause");
  await midwatch.beat({ agent: "newcomer" });
  await midwatch.watch.shared.settle();
  assert.equal((await agentOf(midwatch, "newcomer")).state, "paused");
  const refused = await midwatch.post("/api/v1/agents/a/resume");
  assert.equal(codeOf(refused), "budget_spent");
  const shared = (await midwatch.get<{ items: SharedBudgetView[] }>("/api/v1/budgets")).body.items;
  assert.deepEqual(
    shared.map(({ name, limits }) => [name, limits[0]?.level]),
    [["install", "exceeded"]],
  );
  const raised = await midwatch.call("PATCH", "/api/v1/budgets/install", { body: { usd_per_day: 5 } });
  assert.equal(raised.status, 200);
  assert.equal((await midwatch.beat({ agent: "a" })).body.directive, "continue");
});

test("a budget for a tag holds who carries it, and knows what was spent before it was set", async () => {
  await using midwatch = await startTestServer();
  for (const agent of ["a", "b"]) await midwatch.beat({ agent, tokens_used: 600 });
  await midwatch.call("PATCH", "/api/v1/agents/a", { body: { tags: ["research"] } });
  await midwatch.call("PATCH", "/api/v1/budgets/tag:research", { body: { tokens_per_month: 500 } });
  assert.equal((await agentOf(midwatch, "a")).state, "paused");
  assert.equal((await agentOf(midwatch, "b")).state, "up");
  await midwatch.call("PATCH", "/api/v1/agents/a", { body: { tags: [] } });
  await midwatch.watch.shared.settle();
  assert.equal((await agentOf(midwatch, "a")).paused, null);
});

test("a shared budget that was spent is spent after a restart, and agents that a crash left running are held then", async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-budget-"));
  const file = join(folder, "midwatch.db");
  const budgets = { install: { tokens_per_day: 1_000 }, tags: {} };
  {
    await using midwatch = await startTestServer({ file, budgets });
    await midwatch.beat({ agent: "a", tokens_used: 1_200 });
    await midwatch.watch.shared.settle();
    // As if the process had died before the agent was held.
    const at = midwatch.watch.clock.now();
    await midwatch.store.fold(["a"], (rows) => {
      const row = rows.get("a");
      assert.ok(row);
      const state = { ...row.state, hold: null, state: "up" as const };
      const agent = { name: "a", state, deadline: at + DAY, moveDeadline: true, beats: [], history: [], incidents: [] };
      return { agents: [agent], notices: () => [] };
    });
  }
  {
    await using midwatch = await startTestServer({ file, budgets });
    await midwatch.watch.shared.settle();
    assert.equal((await agentOf(midwatch, "a")).state, "paused");
  }
  await rm(folder, { recursive: true });
});

test("what cannot be a budget is refused with what would be one", async () => {
  await using midwatch = await startTestServer();
  await midwatch.beat({ agent: "bot" });
  const patch = async (path: string, body: object) => {
    const reply = await midwatch.call("PATCH", path, { body });
    return [reply.status, codeOf(reply)];
  };
  const agent = "/api/v1/agents/bot";
  assert.deepEqual(await patch(agent, { budget: { usd_per_day: 0 } }), [422, "invalid_field"]);
  assert.deepEqual(await patch(agent, { budget: { tokens_per_day: 1.5 } }), [422, "invalid_field"]);
  assert.deepEqual(await patch(agent, { budget: { usd_per_week: 5 } }), [422, "invalid_field"]);
  assert.deepEqual(await patch("/api/v1/budgets/install", { usd_per_cycle: 5 }), [422, "invalid_field"]);
  assert.deepEqual(await patch("/api/v1/budgets/nothing", { usd_per_day: 5 }), [404, "unknown_budget"]);
});
