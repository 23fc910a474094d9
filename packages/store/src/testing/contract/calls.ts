import assert from "node:assert/strict";
import type { Price, Usage } from "@midwatch/core";
import type { CallRecord, KnownCalls, Store, UsageRecord } from "../../store.ts";
import { agentWrite, morning, writing } from "../fixture.ts";
import { present, type Claims } from "./claims.ts";

const hour = 3_600_000;
const price: Price = { costUsdMicros: 1_500, by: "table", version: "prices 1" };

function record(key: string, over: Partial<CallRecord["call"]> = {}, more: Partial<CallRecord> = {}): CallRecord {
  return {
    call: {
      key,
      at: morning,
      source: "proxy",
      provider: "openai",
      model: "gpt-5",
      inputTokens: 100,
      outputTokens: 20,
      cacheReadTokens: 30,
      cacheWriteTokens: 4,
      reasoningTokens: 5,
      calls: 1,
      costUsdMicros: null,
      outcome: "ok",
      isEstimated: false,
      tools: [],
      promptHash: null,
      trace: null,
      session: "chat-1",
      remarks: ["odd"],
      ...over,
    },
    price,
    counted: true,
    ...more,
  };
}

async function write(store: Store, name: string, ...calls: CallRecord[]): Promise<void> {
  await store.fold([name], writing(agentWrite(name, { calls })));
}

async function keysOf(
  store: Store,
  name: string,
  limit = 100,
  cursor: string | null = null,
): Promise<readonly string[]> {
  return (await store.calls(name, { limit, cursor })).items.map(({ call }) => call.key);
}

export const callClaims: Claims = {
  "a call comes back as it was written, priced or not, counted or not": async (store) => {
    const written = [
      record("a"),
      record(
        "b",
        { provider: null, model: null, session: null, remarks: [], costUsdMicros: 7 },
        { price: null, counted: false },
      ),
      record("c", { source: "metric", trace: "t1", outcome: "aborted", isEstimated: true, calls: 12 }),
    ];
    await write(store, "bot", ...written);
    const { items } = await store.calls("bot", { limit: 10, cursor: null });
    assert.deepEqual(
      items.toSorted((a, b) => (a.call.key < b.call.key ? -1 : 1)),
      written.map((one) => ({ ...one, agent: "bot" })),
    );
  },

  "a decision can ask which calls of an agent are there already, and others' keys are not its own": async (store) => {
    await write(store, "bot", record("a"));
    await write(store, "other", record("b"));
    const asked: boolean[] = [];
    await store.fold(["bot", "newcomer"], (_rows, known: KnownCalls) => {
      asked.push(known.has("bot", "a"), known.has("bot", "b"), known.has("newcomer", "a"));
      return { agents: [], notices: () => [] };
    });
    assert.deepEqual(asked, [true, false, false]);
  },

  "traces in which a call that counts was told are known": async (store) => {
    await write(
      store,
      "bot",
      record("a", { trace: "t1" }),
      record("b", { trace: "t2" }, { counted: false }),
      record("c"),
    );
    assert.deepEqual(await store.countedTraces(["t1", "t2", "t3"]), new Set(["t1"]));
  },

  "calls are listed newest first, page by page, also those of the same moment": async (store) => {
    const calls = Array.from({ length: 7 }, (_, index) =>
      record(`key-${index}`, { at: morning + Math.floor(index / 3) }),
    );
    await write(store, "bot", ...calls);
    const first = await store.calls("bot", { limit: 4, cursor: null });
    const rest = await store.calls("bot", { limit: 4, cursor: first.next });
    assert.deepEqual(
      [...first.items, ...rest.items].map(({ call }) => call.key),
      ["key-6", "key-5", "key-4", "key-3", "key-2", "key-1", "key-0"],
    );
    assert.equal(rest.next, null);
    const { items } = await store.calls("bot", { limit: 9, cursor: null, from: morning + 1, to: morning + 2 });
    assert.deepEqual(
      items.map(({ call }) => call.key),
      ["key-5", "key-4", "key-3"],
    );
  },

  "hours add up by model and source; what does not count stands apart and is in no hour of the agent": async (
    store,
  ) => {
    await write(
      store,
      "bot",
      record("a"),
      record("b", { at: morning + 1 }),
      record("c", { model: "gpt-5-mini" }, { price: null }),
      record("d", { source: "log" }, { counted: false }),
      record("e", { at: morning + hour }),
    );
    const rows = await store.modelHours({ agent: "bot", from: morning - (morning % hour), to: morning + 2 * hour });
    assert.deepEqual(
      rows.map((row) => [
        row.hour - (morning - (morning % hour)),
        row.model,
        row.source,
        row.counted,
        row.calls,
        row.inputTokens,
        row.costUsdMicros,
        row.unpricedTokens,
      ]),
      [
        [0, "gpt-5", "log", false, 1, 100, 1_500, 0],
        [0, "gpt-5", "proxy", true, 2, 200, 3_000, 0],
        [0, "gpt-5-mini", "proxy", true, 1, 100, 0, 120],
        [hour, "gpt-5", "proxy", true, 1, 100, 1_500, 0],
      ],
    );
    const sums = await store.modelSums({ from: 0, to: morning + 2 * hour });
    assert.deepEqual(
      sums.map((row) => [
        row.agent,
        row.provider,
        row.model,
        row.calls,
        row.tokens,
        row.costUsdMicros,
        row.unpricedTokens,
      ]),
      [
        ["bot", "openai", "gpt-5", 3, 360, 4_500, 0],
        ["bot", "openai", "gpt-5-mini", 1, 120, 0, 120],
      ],
    );
    assert.deepEqual(await store.modelSums({ from: morning + 2 * hour, to: morning + 3 * hour }), []);
    assert.deepEqual(await store.modelSums({ agent: "bot", from: 0, to: morning + 2 * hour }), sums);
    assert.deepEqual(await store.modelSums({ agent: "nobody", from: 0, to: morning + 2 * hour }), []);
    const [first] = await store.hours({ agents: ["bot"], from: 0, to: morning + hour });
    assert.deepEqual([first?.tokens, first?.costUsdMicros, first?.unpricedBeats, first?.beats], [360, 3_000, 1, 0]);
  },

  "what beats told of models is in the hours of the models": async (store) => {
    const usage: Usage = {
      provider: "anthropic",
      model: "claude",
      inputTokens: 10,
      outputTokens: 2,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      calls: 3,
      costUsdMicros: null,
    };
    const told: UsageRecord = { at: morning, usage, costUsdMicros: 9, counted: true };
    await store.fold(["bot"], writing(agentWrite("bot", { usage: [told, told] })));
    const [row] = await store.modelHours({ from: 0, to: morning + hour });
    assert.deepEqual([row?.source, row?.calls, row?.inputTokens, row?.costUsdMicros], ["beat", 6, 20, 18]);
  },

  "a fold that fails leaves no call behind": async (store) => {
    await write(store, "bot", record("a"));
    await assert.rejects(write(store, "bot", record("b"), record("a")));
    assert.deepEqual(await keysOf(store, "bot"), ["a"]);
    assert.equal(present((await store.hours({ from: 0, to: morning + hour }))[0]).tokens, 120);
  },

  "old calls go with old beats, and their hours stay": async (store) => {
    await write(store, "bot", record("old"), record("young", { at: morning + hour }));
    while (await store.prune({ beats: morning + 1, history: 0, incidents: 0, outbox: 0 }, 100)) continue;
    assert.deepEqual(await keysOf(store, "bot"), ["young"]);
    assert.equal((await store.modelHours({ from: 0, to: morning + 2 * hour })).length, 2);
  },

  "a small fact is written with the decision, or not at all": async (store) => {
    const fact = { key: "budget", value: "spent" };
    await store.fold([], () => ({ agents: [], notices: () => [], facts: [fact] }));
    assert.equal(await store.fact("budget"), "spent");
  },
};
