import assert from "node:assert/strict";
import { agentWrite, beat, counting, morning, writing } from "../fixture.ts";
import { beside, readAll, type Claims } from "./claims.ts";

const hour = 3_600_000;
const nothing = { beats: 0, history: 0, incidents: 0, outbox: 0 };

/** More than any engine leaves lying before it files beats away. */
const many = 20_000;

export const beatClaims: Claims = {
  "a beat comes back with everything that was kept of it": async (store) => {
    const full = beat({
      at: morning + 5,
      ts: morning + 3,
      status: "error",
      runId: "run-1",
      seq: 17,
      cycle: 4,
      cycleKind: "poll",
      cycleMs: 1_234,
      tokens: 1_000_000_000_000,
      costUsdMicros: 1_000_000_000_000_000,
      baseline: 1_001.25,
      late: true,
      message: 'a "message" of 😀\nand a line',
    });
    await store.fold(["bot"], writing(agentWrite("bot", { beats: [full, beat()] })));
    const { items } = await store.beats("bot", { limit: 10, cursor: null });
    const [first, second] = items.map(({ id }) => id);
    assert.deepEqual(items, [
      { ...full, id: first },
      { ...beat(), id: second },
    ]);
    assert.notEqual(first, second);
  },

  "beats are listed newest first, those of one millisecond in the order they came": async (store) => {
    const times = [5, 1, 3, 3, 3, 9];
    const beats = times.map((ms, seq) => beat({ at: morning + ms, seq }));
    await store.fold(["bot", "other"], writing(agentWrite("bot", { beats }), agentWrite("other", { beats })));
    const listed = await readAll(2, (query) => store.beats("bot", query));
    assert.deepEqual(
      listed.map(({ seq }) => seq),
      [5, 0, 4, 3, 2, 1],
    );
    const between = await store.beats("bot", { limit: 10, cursor: null, from: morning + 3, to: morning + 9 });
    assert.deepEqual(
      between.items.map(({ seq }) => seq),
      [0, 4, 3, 2],
      "`from` is included, `to` is not",
    );
    assert.deepEqual(await store.beats("nobody", { limit: 10, cursor: null }), { items: [], next: null });
  },

  "old beats and new ones are one list, however many there are and however late one comes": async (store, place) => {
    const beats = (from: number) =>
      Array.from({ length: many / 2 }, (_, index) =>
        beat({ at: morning + from + index, seq: from + index, tokens: 1 }),
      );
    await store.fold(["bot"], writing(agentWrite("bot", { beats: beats(0) })));
    await store.fold(["bot"], writing(agentWrite("bot", { beats: beats(many / 2) })));
    await store.fold(["bot"], writing(agentWrite("bot", { beats: [beat({ at: morning + 4, seq: -1, late: true })] })));
    const seqs = (await readAll(3_000, (query) => store.beats("bot", query))).map(({ seq }) => seq);
    assert.deepEqual(seqs.slice(0, 2), [many - 1, many - 2]);
    assert.deepEqual(seqs.slice(-6), [-1, 4, 3, 2, 1, 0]);
    assert.equal(new Set(seqs).size, many + 1);
    await beside(place, async (other) => {
      const [row] = await other.hours({ agents: ["bot"], from: morning, to: morning + hour });
      assert.deepEqual([row?.beats, row?.tokens], [many + 1, many]);
    });
  },

  "the last beats of many agents are read at once, oldest first": async (store) => {
    for (let seq = 0; seq < 5; seq += 1) {
      await store.fold(["a", "b"], counting(["a", "b"], { at: morning + seq }));
      if (seq === 2) await store.prune(nothing, 10);
    }
    await store.fold(["c"], counting(["c"]));
    const recent = await store.recentBeats(["a", "b", "c", "nobody"], 4);
    assert.deepEqual(
      Array.from(recent, ([name, beats]) => [name, beats.map(({ seq }) => seq)]),
      [
        ["a", [1, 2, 3, 4]],
        ["b", [1, 2, 3, 4]],
        ["c", [0]],
        ["nobody", []],
      ],
    );
  },
};

export const hourClaims: Claims = {
  "hours add up beats, cycles, tokens and money per agent, with what has no price told apart": async (store) => {
    const beats = [
      beat({ at: morning, tokens: 0 }),
      beat({ at: morning + 1, tokens: 100, costUsdMicros: 250, cycleMs: 500, memoryBytes: 2e9, baseline: 400 }),
      beat({ at: morning + hour - 1, tokens: 900, cycleMs: 1_500, memoryBytes: 3e9, baseline: 600 }),
      beat({ at: morning + hour, tokens: 5, costUsdMicros: 0 }),
    ];
    await store.fold(["a", "b"], writing(agentWrite("b", { beats }), agentWrite("a", { beats: beats.slice(0, 1) })));
    const first = { agent: "b", hour: morning, beats: 3, cycles: 2, tokens: 1_000, maxCycleTokens: 900 };
    const timed = { timedCycles: 2, cycleMs: 2_000, maxMemoryBytes: 3e9, baseline: 500 };
    const untimed = { timedCycles: 0, cycleMs: 0, maxMemoryBytes: null, baseline: null };
    const firstHour = { ...first, costUsdMicros: 250, unpricedBeats: 1, ...timed };
    const second = { agent: "b", hour: morning + hour, beats: 1, cycles: 1, tokens: 5, maxCycleTokens: 5 };
    const secondHour = { ...second, costUsdMicros: 0, unpricedBeats: 0, ...untimed };
    const quiet = { ...firstHour, agent: "a", beats: 1, cycles: 0, tokens: 0, maxCycleTokens: 0 };
    const quietHour = { ...quiet, costUsdMicros: 0, unpricedBeats: 0, ...untimed };
    assert.deepEqual(await store.hours({ from: morning, to: morning + 2 * hour }), [quietHour, firstHour, secondHour]);
    assert.deepEqual(await store.hours({ agents: ["b"], from: morning, to: morning + hour }), [firstHour]);
    assert.deepEqual(await store.hours({ agents: ["b"], from: morning + 1, to: morning + 2 * hour }), [secondHour]);
    const both = { agents: ["b", "a", "nobody"], from: morning, to: morning + hour };
    assert.deepEqual(await store.hours(both), [quietHour, firstHour]);
    assert.deepEqual(await store.hours({ agents: ["nobody"], from: morning, to: morning + hour }), []);
  },

  "an hour knows the most memory of all its beats, whenever they came, and of those that told none nothing": async (
    store,
  ) => {
    const write = (memoryBytes: number | null) =>
      store.fold(["bot"], writing(agentWrite("bot", { beats: [beat({ memoryBytes, cycleMs: memoryBytes })] })));
    for (const bytes of [null, 300, 100]) {
      await write(bytes);
      // Files what waits, so that the next one is added to an hour that is there.
      await store.prune(nothing, 10);
    }
    await write(200);
    const [row] = await store.hours({ from: morning, to: morning + hour });
    assert.deepEqual([row?.maxMemoryBytes, row?.timedCycles, row?.cycleMs], [300, 3, 600]);
    const { items } = await store.beats("bot", { limit: 10, cursor: null });
    assert.deepEqual(
      items.map(({ memoryBytes }) => memoryBytes),
      [200, 100, 300, null],
    );
  },

  "an hour stays true when beats come late, and when its beats are pruned": async (store) => {
    const write = (at: number) =>
      store.fold(["bot"], writing(agentWrite("bot", { beats: [beat({ at, tokens: 10 })] })));
    const tokens = async () => (await store.hours({ from: morning, to: morning + hour }))[0]?.tokens;
    await write(morning);
    await write(morning + hour);
    await store.prune(nothing, 10);
    assert.equal(await tokens(), 10);
    await write(morning + 7);
    assert.equal(await tokens(), 20);
    await store.prune({ ...nothing, beats: morning + hour }, 10);
    assert.equal((await store.beats("bot", { limit: 10, cursor: null })).items.length, 1);
    assert.equal(await tokens(), 20);
    await write(morning + 8);
    assert.equal(await tokens(), 30, "a beat older than what is kept is counted all the same");
    await store.prune({ ...nothing, beats: morning + hour }, 10);
    assert.equal(await tokens(), 30);
  },

  "totals lose nothing above 2^53, and a total beyond 64 bits breaks nothing": async (store) => {
    const dear = { at: morning, tokens: 999_999_999_999, costUsdMicros: 1_000_000_000_000_000 };
    const beats = Array.from({ length: 10_001 }, () => beat(dear));
    const total = Number(999_999_999_999n * 10_001n);
    assert.ok(total > Number.MAX_SAFE_INTEGER);
    for (let part = 1; part <= 3; part += 1) {
      await store.fold(["bot"], writing(agentWrite("bot", { beats })));
      const [row] = await store.hours({ from: morning, to: morning + hour });
      assert.equal(row?.tokens, Number(999_999_999_999n * 10_001n * BigInt(part)));
      assert.equal(row.beats, 10_001 * part);
      assert.ok(row.costUsdMicros >= 9e18, "10^19 micro-dollars an hour are cut, not refused");
      await store.prune(nothing, 10);
    }
  },
};
