import assert from "node:assert/strict";
import type { MeteredCall } from "@midwatch/core";
import type { HeldCall, SeriesPoint, Store, TelemetryWrites } from "../../store.ts";
import { morning } from "../fixture.ts";
import { beside, type Claims } from "./claims.ts";

const call: MeteredCall = {
  key: "trace-1/span-1",
  at: morning,
  source: "span",
  provider: "openai",
  model: "gpt-5",
  calls: 1,
  inputTokens: 1_500,
  outputTokens: 340,
  cacheReadTokens: 1_000,
  cacheWriteTokens: 0,
  reasoningTokens: 12,
  costUsdMicros: null,
  outcome: "ok",
  isEstimated: false,
  tools: [{ name: "search", argsHash: null }],
  promptHash: null,
  session: "s-1",
  trace: null,
  remarks: ["odd"],
};

function held(span: string, over: Partial<HeldCall> = {}): HeldCall {
  return { agent: "bot", trace: "trace-1", span, parent: null, dueAt: morning, call, ...over };
}

function point(key: string, over: Partial<SeriesPoint> = {}): SeriesPoint {
  return { key, startedAt: morning - 1_000, at: morning, value: 500, ...over };
}

async function write(store: Store, telemetry: Partial<TelemetryWrites>): Promise<void> {
  const all = { series: [], hold: [], release: [], ...telemetry };
  await store.fold([], () => ({ agents: [], notices: () => [], telemetry: all }));
}

const spansOf = (calls: readonly HeldCall[]): readonly string[] => calls.map(({ span }) => span);

export const telemetryClaims: Claims = {
  "a series stands where it was told last, and an unknown one is missing": async (store, place) => {
    await write(store, { series: [point("a"), point("b", { value: 0.25 })] });
    await write(store, { series: [point("a", { startedAt: morning, at: morning + 60_000, value: 900 })] });
    await beside(place, async (other) => {
      const series = await other.series(["a", "b", "c"]);
      assert.deepEqual(series.get("a"), point("a", { startedAt: morning, at: morning + 60_000, value: 900 }));
      assert.deepEqual(series.get("b"), point("b", { value: 0.25 }));
      assert.equal(series.size, 2);
    });
    assert.equal((await store.series([])).size, 0);
  },

  "held calls are found by their trace, whole, until they are released": async (store) => {
    const other = held("span-3", { trace: "trace-2", parent: "span-0", agent: "other" });
    await write(store, { hold: [held("span-1"), held("span-2"), other] });
    assert.deepEqual(spansOf(await store.heldCalls(["trace-1"])), ["span-1", "span-2"]);
    assert.deepEqual(await store.heldCalls(["trace-2", "trace-9"]), [other]);
    await write(store, { release: [{ trace: "trace-1", span: "span-1" }] });
    assert.deepEqual(spansOf(await store.heldCalls(["trace-1", "trace-2"])), ["span-2", "span-3"]);
    assert.deepEqual(await store.heldCalls([]), []);
  },

  "the same span again takes the place of the first": async (store) => {
    await write(store, { hold: [held("span-1")] });
    const again = held("span-1", { dueAt: morning + 5, call: { ...call, inputTokens: 9 } });
    await write(store, { hold: [again] });
    assert.deepEqual(await store.heldCalls(["trace-1"]), [again]);
  },

  "held calls are due at their time, the earliest first, and no more than asked for": async (store) => {
    const hold = [3, 1, 2].map((n) => held(`span-${n}`, { dueAt: morning + n }));
    await write(store, { hold });
    assert.deepEqual(spansOf(await store.dueHeldCalls(morning + 2, 10)), ["span-1", "span-2"]);
    assert.deepEqual(spansOf(await store.dueHeldCalls(morning + 9, 2)), ["span-1", "span-2"]);
    assert.deepEqual(await store.dueHeldCalls(morning, 10), []);
  },

  "what telemetry remembers is written with everything else or not at all": async (store) => {
    // A row that no engine takes, after one that it has taken.
    const impossible = held("span-2", { trace: null as unknown as string });
    await assert.rejects(write(store, { series: [point("a")], hold: [held("span-1"), impossible] }));
    assert.equal((await store.series(["a"])).size, 0);
    assert.deepEqual(await store.heldCalls(["trace-1"]), []);
  },

  "a series that was not told for as long as beats are kept is forgotten, and a held call never": async (store) => {
    await write(store, { series: [point("old"), point("new", { at: morning + 1 })], hold: [held("span-1")] });
    await store.prune({ beats: morning + 1, history: 0, incidents: 0, outbox: 0 }, 100);
    assert.deepEqual([...(await store.series(["old", "new"])).keys()], ["new"]);
    assert.equal((await store.heldCalls(["trace-1"])).length, 1);
  },
};
