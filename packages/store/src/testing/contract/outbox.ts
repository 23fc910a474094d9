import assert from "node:assert/strict";
import type { OutboxRow, Store } from "../../store.ts";
import { draft, morning } from "../fixture.ts";
import { beside, present, readAll, type Claims } from "./claims.ts";

const minute = 60_000;
const page = { limit: 100, cursor: null };

interface When {
  readonly now?: number;
  readonly leaseUntil?: number;
  readonly limit?: number;
  readonly excludeChannels?: readonly string[];
}

async function claim(store: Store, when: When = {}): Promise<readonly OutboxRow[]> {
  const now = when.now ?? morning;
  return store.claimOutbox({ limit: 100, leaseUntil: now + minute, ...when, now });
}

const keysOf = (rows: readonly OutboxRow[]) => rows.map(({ key }) => key);

/** A draft in a lane of its own, so that it waits for no other. */
const alone = (key: string, at = morning) => draft(key, { agent: key, at });

export const outboxClaims: Claims = {
  "the same key is written once, from wherever it comes and whatever has become of it": async (store) => {
    const first = draft("key", { body: { text: "first" } });
    const again = draft("key", { body: { text: "again" } });
    await store.addOutbox([first, again]);
    await store.addOutbox([again]);
    const [claimed] = await claim(store);
    assert.ok(claimed);
    await store.addOutbox([again]);
    await store.finishOutbox(claimed.id, { sent: true, at: morning, tookMs: 5 });
    await store.addOutbox([again]);
    const { items } = await store.outbox(page);
    assert.deepEqual(
      items.map(({ body, state }) => [body, state]),
      [[{ text: "first" }, "sent"]],
    );
    assert.deepEqual(await claim(store, { now: morning + 60 * minute }), []);
  },

  "a draft waits from its own time on, and is claimed with a lease": async (store) => {
    const report = draft("report", {
      agent: null,
      channel: "mail",
      at: morning + minute,
      body: { deep: [1, { a: null }] },
    });
    await store.addOutbox([report]);
    assert.deepEqual(await claim(store, { now: morning + minute - 1 }), []);
    const [row] = await claim(store, { now: morning + minute, leaseUntil: morning + 2 * minute });
    const { id, ...rest } = present(row);
    const untold = { thread: null, lastError: null, earlierReceipt: null, finishedAt: null };
    const claimed = { state: "claimed", attempts: 1, nextAt: morning + 2 * minute, ...untold };
    assert.deepEqual(rest, { ...report, ...claimed });
    assert.deepEqual((await store.outbox(page)).items, [row]);
    assert.deepEqual(await claim(store, { now: morning + 2 * minute - 1 }), [], "the lease holds");
    const [second] = await claim(store, { now: morning + 2 * minute });
    assert.deepEqual([second?.id, second?.attempts], [id, 2], "and ends");
  },

  "the oldest come first, at most as many as asked for, none of an excluded channel": async (store) => {
    await store.addOutbox([alone("a"), draft("b", { agent: "b", channel: "ntfy" }), alone("c"), alone("d")]);
    assert.deepEqual(keysOf(await claim(store, { limit: 2, excludeChannels: ["ntfy", "slack"] })), ["a", "c"]);
    assert.deepEqual(keysOf(await claim(store, { limit: 1 })), ["b"]);
    assert.deepEqual(keysOf(await claim(store)), ["d"]);
  },

  "no notification overtakes an older one of the same agent and channel": async (store) => {
    const lane = (key: string, agent: string | null, channel: string) => draft(key, { agent, channel });
    await store.addOutbox([
      lane("down", "bot", "me"),
      lane("up", "bot", "me"),
      lane("down-ntfy", "bot", "ntfy"),
      lane("other", "other", "me"),
      lane("report-1", null, "me"),
      lane("report-2", null, "me"),
    ]);
    const first = await claim(store);
    assert.deepEqual(keysOf(first), ["down", "down-ntfy", "other", "report-1"]);
    const idOf = (key: string) => present(first.find((row) => row.key === key)).id;
    assert.deepEqual(await claim(store), [], "claimed is not finished");

    const failed = { sent: false, at: morning, tookMs: 5, error: "503 from the receiver" } as const;
    await store.finishOutbox(idOf("down"), { ...failed, retryAt: morning + 5 * minute });
    await store.finishOutbox(idOf("report-1"), { ...failed, retryAt: null });
    await store.finishOutbox(idOf("other"), { sent: true, at: morning, tookMs: 5 });
    assert.deepEqual(keysOf(await claim(store)), ["report-2"], "what failed for good holds nobody up, a retry does");
    const [again] = await claim(store, { now: morning + 5 * minute, excludeChannels: ["ntfy"] });
    assert.deepEqual([again?.key, again?.attempts, again?.lastError], ["down", 2, "503 from the receiver"]);
    await store.finishOutbox(present(again).id, { sent: true, at: morning, tookMs: 5 });
    const [up] = await claim(store, { now: morning + 5 * minute, excludeChannels: ["ntfy"] });
    assert.equal(up?.key, "up");
  },

  "a draft that is not due yet holds up the later ones of its agent and channel": async (store) => {
    await store.addOutbox([draft("later", { at: morning + minute }), draft("now")]);
    assert.deepEqual(await claim(store), []);
    assert.deepEqual(keysOf(await claim(store, { now: morning + minute })), ["later"]);
  },

  "two claimers never hold the same row, and miss none": async (store, place) => {
    const keys = Array.from({ length: 60 }, (_, index) => `key-${index}`);
    await store.addOutbox(keys.map((key) => alone(key)));
    await beside(place, async (other) => {
      const rounds = Array.from({ length: 10 }, () => [claim(store, { limit: 4 }), claim(other, { limit: 4 })]);
      const claimed = (await Promise.all(rounds.flat())).flatMap(keysOf);
      assert.deepEqual(claimed.toSorted(), keys.toSorted());
    });
  },

  "the first outcome of a claim counts, and one without a claim does not": async (store) => {
    await store.addOutbox([draft("key")]);
    const [row] = await claim(store);
    const outcome = { sent: false, at: morning, tookMs: 5, error: "no", retryAt: null } as const;
    await store.finishOutbox(present(row).id, outcome);
    await store.finishOutbox(present(row).id, { sent: true, at: morning, tookMs: 5 });
    const [kept] = (await store.outbox(page)).items;
    assert.deepEqual([kept?.state, kept?.lastError], ["failed", "no"]);
    await store.finishOutbox(4_711, { sent: true, at: morning, tookMs: 5 });
    await store.addOutbox([draft("waiting")]);
    await store.finishOutbox(present(row).id + 1, { sent: true, at: morning, tookMs: 5 });
    assert.equal((await store.outbox(page)).items[0]?.state, "waiting");
  },

  "the outbox is listed newest first and by state, and tells how far it lags": async (store) => {
    const channel = draft("any").channel;
    assert.deepEqual(await store.outboxLag(morning), new Map());
    await store.addOutbox([alone("a", morning), alone("b", morning + 1_000), alone("c", morning + 2_000)]);
    const [a, b] = await claim(store, { limit: 2, now: morning + minute });
    await store.finishOutbox(present(a).id, { sent: false, at: morning, tookMs: 5, error: "gone", retryAt: null });
    const lag = await store.outboxLag(morning + minute);
    assert.deepEqual(
      lag.get(channel),
      { waiting: 2, oldestMs: minute - 1_000, failed: 1 },
      "a claimed row is not delivered yet",
    );
    await store.finishOutbox(present(b).id, { sent: true, at: morning, tookMs: 5 });
    assert.deepEqual(keysOf(await readAll(1, (query) => store.outbox(query))), ["c", "b", "a"]);
    for (const [state, key] of [
      ["waiting", "c"],
      ["sent", "b"],
      ["failed", "a"],
    ] as const) {
      assert.deepEqual(keysOf((await store.outbox({ ...page, state })).items), [key]);
    }
    assert.deepEqual((await store.outbox({ ...page, state: "claimed" })).items, []);
    const early = await store.outboxLag(morning);
    assert.deepEqual(early.get(channel), { waiting: 1, oldestMs: 0, failed: 1 }, "a lag is never negative");
  },

  "every try is written down with its length and what came of it": async (store) => {
    await store.addOutbox([draft("key")]);
    const id = present((await claim(store))[0]).id;
    const retryAt = morning + minute;
    await store.finishOutbox(id, { sent: false, at: morning, tookMs: 7, error: "busy", retryAt });
    await claim(store, { now: retryAt });
    await store.finishOutbox(id, { sent: true, at: retryAt, tookMs: 5, receipt: "m-1" });
    await store.finishOutbox(id, { sent: true, at: retryAt, tookMs: 5 });
    assert.deepEqual(
      await store.attempts([id, id + 1]),
      new Map([
        [
          id,
          [
            { n: 1, at: morning, tookMs: 7, error: "busy", retryAt },
            { n: 2, at: retryAt, tookMs: 5, error: null, retryAt: null },
          ],
        ],
      ]),
    );
  },

  "a row of a thread comes with the receipt of the last one that its channel sent": async (store) => {
    const of = (key: string, channel: string) => draft(key, { channel, thread: "inc_1", agent: "bot" });
    await store.addOutbox([of("a", "chat"), of("b", "chat"), of("c", "phone")]);
    const [a, c] = await claim(store);
    assert.deepEqual([a?.earlierReceipt, c?.earlierReceipt], [null, null]);
    await store.finishOutbox(present(a).id, { sent: true, at: morning, tookMs: 5, receipt: "m-1" });
    const [b] = await claim(store);
    assert.deepEqual([b?.key, b?.thread, b?.earlierReceipt], ["b", "inc_1", "m-1"]);
  },

  "the outbox is narrowed down by channel, agent and thread": async (store) => {
    await store.addOutbox([
      draft("a", { channel: "chat", agent: "bot", thread: "t" }),
      draft("b", { channel: "phone", agent: "bot" }),
      draft("c", { channel: "chat", agent: "cat" }),
    ]);
    const keys = async (query: object) => keysOf((await store.outbox({ ...page, ...query })).items);
    assert.deepEqual(await keys({ channel: "chat" }), ["c", "a"]);
    assert.deepEqual(await keys({ agent: "bot" }), ["b", "a"]);
    assert.deepEqual(await keys({ thread: "t" }), ["a"]);
  },
};
