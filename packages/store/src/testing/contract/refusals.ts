import assert from "node:assert/strict";
import type { PageQuery, Store } from "../../store.ts";
import { counting, draft, morning } from "../fixture.ts";
import { rejectsWith, type Claims } from "./claims.ts";

const lists: Readonly<Record<string, (store: Store, query: PageQuery) => Promise<unknown>>> = {
  agents: (store, query) => store.agents(query),
  beats: (store, query) => store.beats("bot", query),
  history: (store, query) => store.history(null, query),
  incidents: (store, query) => store.incidents(query),
  outbox: (store, query) => store.outbox(query),
  commands: (store, query) => store.commands("bot", query),
};

const encoded = (place: unknown) => Buffer.from(JSON.stringify(place)).toString("base64url");

/** Every call there is, with harmless arguments. */
const calls: readonly ((store: Store) => Promise<unknown>)[] = [
  ...Object.values(lists).map((read) => (store: Store) => read(store, { limit: 1, cursor: null })),
  (store) => store.fold(["bot"], counting(["bot"])),
  (store) => store.agent("bot"),
  (store) => store.agentCount(),
  (store) => store.dueAgents(morning, 1),
  (store) => store.recentBeats(["bot"], 1),
  (store) => store.incident(1),
  (store) => store.hours({ from: 0, to: morning }),
  (store) => store.claimOutbox({ now: morning, leaseUntil: morning, limit: 1 }),
  (store) => store.finishOutbox(1, { sent: true, at: morning, tookMs: 5 }),
  (store) => store.addOutbox([draft("key")]),
  (store) => store.outboxLag(morning),
  (store) => store.attempts([1]),
  (store) => store.addNotices([{ key: "key", at: morning, body: {} }]),
  (store) => store.noticeLag(morning),
  (store) => store.desk({ now: morning, limit: 1 }, () => ({ rows: [], drop: [], outbox: [], facts: [] })),
  (store) => store.deskRows("", 1),
  (store) => store.silences(morning, 1),
  (store) => store.endSilence(1, { at: morning, by: "me" }),
  (store) => store.addSilence({ match: {}, from: morning, until: morning, reason: "", by: "me", createdAt: morning }),
  (store) => store.commandsFor("host"),
  (store) => store.command("c-1"),
  (store) => store.staleCommands(morning, 1),
  (store) => store.evidence(1),
  (store) => store.spoolUpto("host", "s-1"),
  (store) => store.keys(),
  (store) =>
    store.addKey({ hash: "h", prefix: "p", scope: "read", agentGlob: null, label: "laptop", createdAt: morning }),
  (store) => store.revokeKey(1, morning),
  (store) => store.fact("key"),
  (store) => store.putFact("key", "value"),
  (store) => store.claimFact("key", "value"),
  (store) => store.factsWith("key"),
  (store) => store.prune({ beats: 0, history: 0, incidents: 0, outbox: 0 }, 1),
  (store) => store.lastEventId(),
];

export const refusalClaims: Claims = {
  "a cursor that no page has handed out is refused by every list": async (store) => {
    await store.fold(["bot"], counting(["bot"]));
    const cursors = ["", "?", "nonsense", encoded([]), encoded({ at: 1 }), encoded([null, null]), encoded([[1], 2])];
    for (const [name, read] of Object.entries(lists)) {
      for (const cursor of cursors) {
        const error = await rejectsWith("bad-cursor", () => read(store, { limit: 10, cursor }));
        assert.equal(error.retryable, false, name);
      }
    }
    await rejectsWith("bad-cursor", () => store.agents({ limit: 1, cursor: encoded([1, 2]) }));
    await rejectsWith("bad-cursor", () => store.beats("bot", { limit: 1, cursor: encoded(["bot"]) }));
  },

  "a page holds one row at least and ten thousand at most, whatever is asked for": async (store) => {
    await store.fold(["a", "b"], counting(["a", "b"]));
    for (const limit of [0, -5, 0.5, 1]) {
      assert.equal((await store.agents({ limit, cursor: null })).items.length, 1);
    }
    assert.equal((await store.agents({ limit: Number.MAX_VALUE, cursor: null })).items.length, 2);
  },

  "a store that was closed refuses every call, and may be closed again": async (store) => {
    await store.close();
    await store.close();
    for (const call of calls) {
      const error = await rejectsWith("closed", () => call(store));
      assert.equal(error.retryable, false);
    }
  },
};
