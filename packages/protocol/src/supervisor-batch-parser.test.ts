import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseSupervisorBatch, type BatchRequest } from "./index.ts";

const settings = {
  interval_ms: 60_000,
  missed_limit: 2,
  startup_ms: 120_000,
  liveness: "beats",
  restart: "on-failure",
  max_restarts: 3,
  cooldown_ms: 300_000,
  tags: ["prod"],
  budget: { usd_per_day: 4.25, tokens_per_cycle: 200_000 },
  on_runaway: "pause",
  detector: "shadow",
  stuck_cycles: 20,
} as const;

const request: BatchRequest = {
  host: "box",
  sent_at: 1774690001000,
  spool: "s1",
  agents: [{ name: "bot", settings: { ...settings, tags: ["prod"] } }],
  items: [
    { n: 4, beat: { agent: "bot", tokens_used: 5 }, received_at: 1774690000000 },
    { n: 5, fact: { type: "started", at: 1774690000000, agent: "bot", run_id: "r1", pid: 77 } },
    { n: 6, fact: { type: "start-refused", at: 1774690000000, agent: "bot", run_id: "r1", reason: "no such file" } },
    {
      n: 7,
      fact: {
        type: "exited",
        at: 1774690000000,
        agent: "bot",
        run_id: "r1",
        exit: {
          code: null,
          signal: "SIGKILL",
          stopped_for: "hung",
          oom: { confidence: "likely", seen: "a counter rose" },
          last_lines: ["bye"],
        },
      },
    },
    { n: 8, fact: { type: "hung", at: 1774690000000, agent: "bot", run_id: "r1", last_beat_at: null } },
    {
      n: 9,
      fact: {
        type: "recovery",
        at: 1774690000000,
        agent: "bot",
        recovery: {
          phase: "cooldown",
          attempt: 1,
          of: 3,
          until: 1774690300000,
          started_at: 1774690000000,
          run_id: "r1",
          pid: null,
          reason: "it crashed",
          restarts: [1774690000000],
          trouble_since: 1774690000000,
        },
      },
    },
    {
      n: 10,
      fact: {
        type: "state-invalid",
        at: 1774690000000,
        agent: "bot",
        reason: "state.json is cut off",
        action: "restored",
        text: "It was moved aside.",
      },
    },
    {
      n: 11,
      fact: {
        type: "evidence",
        at: 1774690000000,
        agent: "bot",
        run_id: "r1",
        why: "hung",
        summary: "spins in think()",
        items: [{ name: "stack", text: "think()\n  at agent.py:3" }],
      },
    },
    { n: 12, fact: { type: "start-delayed", at: 1774690000000, agent: "bot", reason: "no memory" } },
  ],
};

test("everything a supervisor can say is read as it was said", () => {
  const parsed = parseSupervisorBatch(structuredClone(request));
  assert.ok(parsed.ok, JSON.stringify(parsed));
  const { batch } = parsed;
  assert.deepEqual([batch.host, batch.sentAt, batch.spool], [request.host, request.sent_at, request.spool]);
  assert.deepEqual(batch.agents, request.agents);
  assert.ok(batch.items[0]?.is === "beat" && batch.items[0].parsed.ok && batch.items[0].parsed.beat.tokens === 5);
  const facts = batch.items.slice(1).map((item) => (item.is === "fact" ? { n: item.n, fact: item.fact } : item));
  assert.deepEqual(facts, request.items.slice(1));
});

function parseExits(exits: readonly object[]): ReturnType<typeof parseSupervisorBatch> {
  const items = exits.map((exit, index) => ({
    n: index + 1,
    fact: { type: "exited", at: 1, agent: "bot", run_id: "r1", exit: { code: null, last_lines: [], ...exit } },
  }));
  return parseSupervisorBatch({ ...request, items });
}

test("the spool of an older supervisor, which says of memory only yes or no, loses no exit", () => {
  const parsed = parseExits([false, true].map((oom) => ({ signal: "SIGKILL", stopped_for: null, oom })));
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.batch.items.map((item) =>
      item.is === "fact" && item.fact.type === "exited" ? (item.fact.exit.oom?.confidence ?? null) : item,
    ),
    [null, "likely"],
  );
});

test("every reason for which a supervisor ends a process is understood", () => {
  const reasons = ["hung", "command", "budget", "shutdown", "overdue", null];
  const parsed = parseExits(reasons.map((stopped_for) => ({ signal: "SIGTERM", stopped_for, oom: null })));
  assert.ok(parsed.ok);
  assert.deepEqual(
    parsed.batch.items.map((item) =>
      item.is === "fact" && item.fact.type === "exited" ? item.fact.exit.stopped_for : item,
    ),
    reasons,
  );
});

test("a bad item is refused by itself, so that the spool gets past it", () => {
  const parsed = parseSupervisorBatch({
    ...request,
    items: [{ n: 1, fact: { type: "exploded", at: 1, agent: "bot" } }, { n: 2 }, ...request.items],
  });
  assert.ok(parsed.ok);
  const refused = parsed.batch.items.filter((item) => item.is === "refused");
  assert.deepEqual(
    refused.map((item) => item.n),
    [1, 2],
  );
  assert.match(refused[0]?.errors[0]?.path ?? "", /^items\[0\]\.fact\.type$/u);
  assert.equal(parsed.batch.items.length, 11);
});

test("numbers that do not rise are refused as a whole: which items are durable would be anyone's guess", () => {
  const twice = { n: 3, beat: { agent: "bot" }, received_at: 1 };
  const parsed = parseSupervisorBatch({ ...request, items: [twice, twice] });
  assert.ok(!parsed.ok && parsed.errors[0]?.path === "items[1].n");
});

test("settings the server must judge by are required", () => {
  const parsed = parseSupervisorBatch({ ...request, agents: [{ name: "bot", settings: { missed_limit: 2 } }] });
  assert.ok(!parsed.ok);
  const paths = parsed.errors.map((error) => error.path);
  assert.ok(paths.includes("agents[0].settings.cooldown_ms") && paths.includes("agents[0].settings.liveness"));
});

test("a supervisor that knows nothing of budgets says nothing of them, and its batch is taken", () => {
  const unknown = new Set(["budget", "on_runaway", "detector", "stuck_cycles"]);
  const older = Object.fromEntries(Object.entries(settings).filter(([name]) => !unknown.has(name)));
  const parsed = parseSupervisorBatch({ ...request, agents: [{ name: "bot", settings: older }] });
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.batch.agents[0]?.settings, older);
});

test("that nothing is stuck here is said by null, and no limit by an empty budget", () => {
  const off = { ...settings, tags: [], budget: {}, stuck_cycles: null };
  const parsed = parseSupervisorBatch({ ...request, agents: [{ name: "bot", settings: off }] });
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.batch.agents[0]?.settings, off);
});

test("a limit that limits nothing is refused, and one that this version does not know is left out", () => {
  const parse = (budget: object) =>
    parseSupervisorBatch({ ...request, agents: [{ name: "bot", settings: { ...settings, budget } }] });
  for (const wrong of [{ usd_per_day: 0 }, { usd_per_day: 2e9 }, { tokens_per_day: 1.5 }, { tokens_per_day: "5" }]) {
    const parsed = parse(wrong);
    assert.ok(!parsed.ok);
    assert.match(parsed.errors[0]?.path ?? "", /^agents\[0\]\.settings\.budget\.(usd|tokens)_per_day$/);
  }
  const newer = parse({ usd_per_day: 5, usd_per_week: 20 });
  assert.ok(newer.ok);
  assert.deepEqual(newer.batch.agents[0]?.settings.budget, { usd_per_day: 5 });
});

test("the parser never throws, whatever it is given", () => {
  fc.assert(fc.property(fc.anything({ maxDepth: 3 }), (value) => typeof parseSupervisorBatch(value).ok === "boolean"));
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.jsonValue(), (items, agents) => {
      assert.equal(typeof parseSupervisorBatch({ ...request, agents, items }).ok, "boolean");
    }),
  );
});
