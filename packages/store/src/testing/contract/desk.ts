import assert from "node:assert/strict";
import type { DeskWork, DeskWrites, NoticeDraft, Store } from "../../store.ts";
import { draft, morning } from "../fixture.ts";
import { present, type Claims } from "./claims.ts";

const nothing: DeskWrites = { rows: [], drop: [], outbox: [], facts: [] };
const minute = 60_000;
const page = { limit: 100, cursor: null };

const notice = (key: string, at = morning): NoticeDraft => ({ key, at, body: { says: key } });

/** What the desk is handed, as it is handed; `writes` is what it decides. */
async function worked(
  store: Store,
  writes: DeskWrites = nothing,
  now = morning,
  limit = 100,
): Promise<string[] | null> {
  const seen: { work: DeskWork | null } = { work: null };
  await store.desk({ now, limit }, (work) => {
    seen.work = work;
    return writes;
  });
  if (seen.work === null) return null;
  return [...seen.work.notices.map(({ key }) => key), ...seen.work.due.map(({ key }) => key)];
}

export const deskClaims: Claims = {
  "notices are handed out in the order they were written, once": async (store) => {
    await store.addNotices([notice("b"), notice("a"), notice("b")]);
    assert.deepEqual(await store.noticeLag(morning + minute), { waiting: 2, oldestMs: minute });
    assert.deepEqual(await worked(store), ["b", "a"]);
    assert.equal(await worked(store), null, "without work nobody is asked");
    assert.deepEqual(await store.noticeLag(morning), { waiting: 0, oldestMs: 0 });
  },

  "a decision that fails leaves the notices where they are": async (store) => {
    await store.addNotices([notice("a")]);
    const bug = new Error("a bug in the desk");
    const failing = store.desk({ now: morning, limit: 10 }, () => {
      throw bug;
    });
    await assert.rejects(failing, (error) => error === bug);
    assert.deepEqual(await worked(store), ["a"]);
  },

  "what is decided is written with it: rows, messages and facts": async (store) => {
    await store.addNotices([notice("a")]);
    const row = { key: "thread:1", nextAt: morning + minute, body: { step: 1 } };
    await worked(store, { ...nothing, rows: [row], outbox: [draft("m")], facts: [{ key: "f", value: "1" }] });
    assert.deepEqual(await store.deskRows("thread:", 10), [row]);
    assert.deepEqual(await store.deskRows("group:", 10), []);
    assert.equal((await store.outbox(page)).items[0]?.key, "m");
    assert.equal(await store.fact("f"), "1");
  },

  "a row is due from its time on, is found by its key, and is gone when it is dropped": async (store) => {
    await store.addNotices([notice("a")]);
    const row = { key: "thread:1", nextAt: morning + minute, body: { step: 1 } };
    const still = { key: "thread:2", nextAt: null, body: {} };
    await worked(store, { ...nothing, rows: [row, still] });
    assert.equal(await worked(store, nothing, morning + minute - 1), null);
    const found: unknown[] = [];
    await store.desk({ now: morning + minute, limit: 10 }, (work) => {
      found.splice(0, found.length, ...work.due, work.row("thread:2"), work.row("thread:3"));
      return { ...nothing, rows: [{ ...row, nextAt: null, body: { step: 2 } }], drop: ["thread:2"] };
    });
    assert.deepEqual(found, [row, still, null]);
    assert.deepEqual(await store.deskRows("thread:", 10), [{ ...row, nextAt: null, body: { step: 2 } }]);
  },

  "more than the limit is left for the next time, and it says so": async (store) => {
    await store.addNotices([notice("a"), notice("b"), notice("c")]);
    assert.equal(await store.desk({ now: morning, limit: 2 }, () => nothing), true);
    assert.equal(await store.desk({ now: morning, limit: 2 }, () => nothing), false);
  },

  "a silence lasts until its end, or until somebody ends it": async (store) => {
    const silence = {
      match: { agents: ["a-*"] },
      from: morning,
      until: morning + 10 * minute,
      reason: "a deploy",
      by: "ada",
      createdAt: morning,
    };
    const { id } = await store.addSilence(silence);
    assert.deepEqual(await store.silences(morning, 10), [{ ...silence, id, endedAt: null, endedBy: null }]);
    assert.deepEqual(await store.silences(silence.until, 10), []);
    assert.equal(await store.endSilence(id, { at: morning + minute, by: "bob" }), true);
    assert.equal(await store.endSilence(id, { at: morning + minute, by: "bob" }), false);
    assert.deepEqual(await store.silences(morning + minute, 10), []);
    assert.equal(present((await store.silences(morning, 10))[0]).endedBy, "bob");
  },
};
