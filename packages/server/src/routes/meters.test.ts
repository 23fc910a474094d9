import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentView, CallView, CostAnswer, Page } from "@midwatch/protocol";
import { meterInTest } from "../testing/meter-in-test.ts";
import { codeOf, startTestServer } from "../testing/test-server.ts";

test("a metered call registers its agent, is priced, and is counted once however often it is delivered", async () => {
  await using midwatch = await startTestServer();
  const meter = meterInTest(midwatch);
  const first = await meter.deliver({ agent: "bot" }, { agent: "bot", cost_usd_micros: null });
  assert.equal(first.body.upto, 2);
  assert.equal((await meter.again()).body.upto, 2);
  const agent = (await midwatch.get<AgentView>("/api/v1/agents/bot")).body;
  assert.equal(agent.tokens_total, 200);
  assert.deepEqual([agent.state, agent.next_beat_by, agent.metered_by], ["new", null, ["proxy"]]);
  const calls = (await midwatch.get<Page<CallView>>("/api/v1/agents/bot/calls")).body.items;
  assert.deepEqual(
    calls.map(({ key, priced_by, counted }) => [key, priced_by, counted]),
    [
      ["answer-2", "table", true],
      ["answer-1", "reported", true],
    ],
  );
});

test("the same answer under another number, as after a lost spool, is the same call", async () => {
  await using midwatch = await startTestServer();
  const meter = meterInTest(midwatch);
  await meter.deliver({ agent: "bot", key: "chatcmpl-1" });
  await meter.deliver({ agent: "bot", key: "chatcmpl-1" }, { agent: "other", key: "chatcmpl-1" });
  assert.equal((await midwatch.get<AgentView>("/api/v1/agents/bot")).body.tokens_total, 100);
  assert.equal((await midwatch.get<AgentView>("/api/v1/agents/other")).body.tokens_total, 100);
});

test("what cost what is told by model and source, and agrees with the agent's hours", async () => {
  await using midwatch = await startTestServer();
  const meter = meterInTest(midwatch);
  await meter.deliver({ agent: "bot" }, { agent: "bot", model: "gpt-5-mini" }, { agent: "bot" });
  await midwatch.beat({
    agent: "talker",
    usage: [{ provider: "anthropic", model: "claude-sonnet-4-5", input_tokens: 1_000, output_tokens: 10 }],
  });
  const { rows } = (await midwatch.get<CostAnswer>("/api/v1/cost")).body;
  assert.deepEqual(
    rows.map(({ agent, model, source, calls, input_tokens, cost_usd }) => [
      agent,
      model,
      source,
      calls,
      input_tokens,
      cost_usd,
    ]),
    [
      ["bot", "gpt-5", "proxy", 2, 180, 0.02],
      ["bot", "gpt-5-mini", "proxy", 1, 90, 0.01],
      ["talker", "claude-sonnet-4-5", "beat", 1, 1_000, 0.00315],
    ],
  );
  const hours = await midwatch.store.hours({ from: 0, to: Number.MAX_SAFE_INTEGER });
  assert.deepEqual(
    hours.map(({ agent, tokens, costUsdMicros }) => [agent, tokens, costUsdMicros]),
    [
      ["bot", 300, 30_000],
      ["talker", 1_010, 3_150],
    ],
  );
});

test("what a beat tells of calls that were metered already is kept and not counted", async () => {
  await using midwatch = await startTestServer();
  const meter = meterInTest(midwatch);
  await meter.deliver({ agent: "bot" });
  await midwatch.beat({
    agent: "bot",
    cycle: 1,
    cycle_ms: 10,
    usage: [{ model: "gpt-5", input_tokens: 90, output_tokens: 10 }],
  });
  const agent = (await midwatch.get<AgentView>("/api/v1/agents/bot?beats=1")).body;
  assert.equal(agent.tokens_total, 100);
  const { rows } = (await midwatch.get<CostAnswer>("/api/v1/cost")).body;
  assert.deepEqual(
    rows.map(({ source, counted }) => [source, counted]),
    [
      ["beat", false],
      ["proxy", true],
    ],
  );
});

test("the standings tell of a pause before the batch that caused it is answered, and wake who waits", async () => {
  await using midwatch = await startTestServer();
  const meter = meterInTest(midwatch);
  await meter.deliver({ agent: "bot" });
  assert.deepEqual((await meter.standings()).agents, []);
  await midwatch.call("PATCH", "/api/v1/agents/bot", { body: { budget: { usd_per_day: 0.02 } } });
  const before = await meter.standings();
  assert.deepEqual(
    before.agents.map(({ agent, directive, budgeted }) => [agent, directive, budgeted]),
    [["bot", "continue", true]],
  );
  const waiting = meter.standings(before.rev, 30);
  const answer = await meter.deliver({ agent: "bot" });
  const told = answer.body.standings.agents[0];
  assert.equal(told?.directive, "pause");
  assert.match(told.reason ?? "", /its budget of \$0\.02 a day is spent/);
  assert.notEqual(told.until, null);
  assert.equal((await waiting).agents[0]?.directive, "pause");
});

test("a call that is not what it should be is left out, and the spool gets past it", async () => {
  await using midwatch = await startTestServer();
  const meter = meterInTest(midwatch);
  const answer = await meter.deliver({ agent: "bot", input_tokens: -1 }, { agent: "bot" });
  assert.deepEqual([answer.status, answer.body.upto], [200, 2]);
  assert.equal((await midwatch.get<AgentView>("/api/v1/agents/bot")).body.tokens_total, 100);
  assert.match(midwatch.logged.join("\n"), /are left out/);
});

test("a key for some agents meters no others", async () => {
  await using midwatch = await startTestServer();
  const made = await midwatch.post<{ key: string }>("/api/v1/keys", { scope: "ingest", agent: "mine-*" });
  const body = {
    sent_at: Date.now(),
    spool: "s",
    items: [
      {
        n: 1,
        agent: "bot",
        call: {
          key: "k",
          at: 1,
          outcome: "ok",
          estimated: false,
          input_tokens: 1,
          output_tokens: 1,
          cache_read_tokens: 0,
          cache_write_tokens: 0,
          reasoning_tokens: 0,
        },
      },
    ],
  };
  const refused = await midwatch.call("POST", "/api/v1/meters/m/batch", { body, key: made.body.key });
  assert.deepEqual([refused.status, codeOf(refused)], [403, "wrong_agent"]);
});
