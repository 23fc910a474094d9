import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { DAY, HOUR, MINUTE, type Ms } from "@midwatch/core";
import { openSqliteStore, StoreError, type BeatRecord, type Store } from "@midwatch/store";
import { defaultSettings, newAgent } from "@midwatch/core";
import { createRetention, kept, type Retention } from "./retention.ts";

const now: Ms = Date.UTC(2026, 10, 24, 3);

async function openStore(): Promise<Store & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-retention-"));
  const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
  return {
    ...store,
    [Symbol.asyncDispose]: async () => {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

function beatAt(at: Ms): BeatRecord {
  const none = { ts: null, runId: null, seq: null, cycle: null, cycleKind: null, cycleMs: null };
  return {
    ...none,
    at,
    status: "ok",
    tokens: 10,
    cycleTokens: 10,
    memoryBytes: null,
    costUsdMicros: null,
    baseline: null,
    late: false,
    message: null,
  };
}

/** One agent with beats every minute from `from` on, and with one line of history at each of `history`. */
async function fill(store: Store, given: { from: Ms; beats: number; history?: readonly Ms[] }): Promise<void> {
  const beats = Array.from({ length: given.beats }, (_, index) => beatAt(given.from + index * MINUTE));
  const history = (given.history ?? []).map((at) => ({ at, kind: "commanded" as const, text: "paused", data: {} }));
  const state = newAgent("bot", given.from, defaultSettings);
  await store.fold(["bot"], () => ({
    agents: [{ name: "bot", state, deadline: null, moveDeadline: false, beats, history, incidents: [] }],
    notices: () => [],
  }));
}

function retentionOf(store: Pick<Store, "prune">): { readonly retention: Retention; readonly said: string[] } {
  const said: string[] = [];
  const say = (_facts: object, text: string): void => void said.push(text);
  return { retention: createRetention({ store, clock: { now: () => now }, log: { info: say, error: say } }), said };
}

test("old beats and old history go, in as many batches as it takes; what is younger, and what beats add up to, stays", async () => {
  await using store = await openStore();
  const from = now - kept.beats - 1_100 * MINUTE;
  await fill(store, { from, beats: 1_200, history: [now - kept.history - HOUR, now - kept.history + HOUR] });
  await retentionOf(store).retention.prune();
  const beats = await store.beats("bot", { limit: 2_000, cursor: null });
  const history = await store.history("bot", { limit: 10, cursor: null });
  assert.deepEqual([beats.items.length, beats.items.at(-1)?.at], [100, now - kept.beats]);
  assert.deepEqual(
    history.items.map(({ at }) => at),
    [now - kept.history + HOUR],
  );
  const hours = await store.hours({ agents: ["bot"], from: from - DAY, to: now });
  assert.equal(
    hours.reduce((sum, hour) => sum + hour.tokens, 0),
    12_000,
  );
});

test("a store in trouble is said once, and its return once", async () => {
  let broken = true;
  const store = {
    prune: () => (broken ? Promise.reject(new StoreError("full", "database or disk is full")) : Promise.resolve(false)),
  };
  const { retention, said } = retentionOf(store);
  await retention.prune();
  await retention.prune();
  broken = false;
  await retention.prune();
  await retention.prune();
  assert.equal(said.length, 2);
  assert.match(said[0] ?? "", /the disk that holds the data folder is full/);
});

test("a stop waits for the batch under way and begins no other", async () => {
  let batches = 0;
  const store = {
    prune: () => {
      batches += 1;
      return Promise.resolve(true);
    },
  };
  const { retention } = retentionOf(store);
  const pruning = retention.prune();
  await retention.stop();
  await pruning;
  const after = batches;
  assert.ok(after >= 1);
  retention.start();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(batches, after);
});

test("what was noted of gaps and sent reports goes with the history that it is about; other facts stay", async () => {
  await using store = await openStore();
  const date = (at: Ms): string => new Date(at).toISOString().slice(0, 10);
  const [old, young] = [now - kept.history - 2 * DAY, now - kept.history + 2 * DAY];
  const keys = (at: Ms): string[] => [
    ...[`gap:${at}`, `report:${date(at)}`, `report:week:${date(at)}`],
    `report:month:${date(at - 40 * DAY).slice(0, 7)}`,
  ];
  for (const key of [...keys(old), "channel:me", "link-key"]) await store.putFact(key, "null");
  await store.putFact(`gap:${young}`, "null");
  await store.putFact(`report:${date(young)}`, "null");
  const retention = createRetention({ store, clock: { now: () => now }, log: { info: () => 0, error: () => 0 } });
  await retention.prune();
  const left = (await store.factsWith("")).map(({ key }) => key).filter((key) => !key.startsWith("schema"));
  assert.deepEqual(left, ["channel:me", `gap:${young}`, "link-key", `report:${date(young)}`]);
});
