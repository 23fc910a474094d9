import assert from "node:assert/strict";
import type { CommandDraft, KeyRow, Store } from "../../store.ts";
import { command, finish, morning } from "../fixture.ts";
import { beside, readAll, rejectsWith, type Claims } from "./claims.ts";

const give = (store: Store, ...commands: CommandDraft[]) =>
  store.fold([], () => ({ agents: [], notices: () => [], commands }));

const key = (hash: string, over: Partial<KeyRow> = {}): Omit<KeyRow, "id" | "revokedAt"> => ({
  hash,
  prefix: hash.slice(0, 4),
  scope: "ingest",
  agentGlob: null,
  label: "laptop",
  createdAt: morning,
  ...over,
});

export const commandClaims: Claims = {
  "a supervisor is handed its commands in order, again and again until it has finished them": async (store) => {
    await give(store, command("z"), command("a"), command("b", { supervisor: "elsewhere" }));
    await give(store, command("z", { command: "stop" }));
    const handed = await store.commandsFor("host");
    assert.deepEqual(handed, [
      { ...command("z"), state: "delivered", message: null, finishedAt: null },
      { ...command("a"), state: "delivered", message: null, finishedAt: null },
    ]);
    assert.deepEqual(await store.commandsFor("host"), handed, "the answer that carried them may have been lost");
    assert.equal((await store.command("b"))?.state, "waiting");

    await finish(store, "z", { message: "restarted" });
    await finish(store, "z", { state: "failed", message: "too late" });
    await finish(store, "z", { state: "expired", message: "too late" });
    await finish(store, "b", { state: "failed", message: "no such agent" });
    assert.deepEqual(await store.commandsFor("host"), handed.slice(1));
    assert.deepEqual(await store.command("z"), {
      ...command("z"),
      state: "done",
      message: "restarted",
      finishedAt: morning + 1,
    });
    const b = command("b", { supervisor: "elsewhere" });
    const failed = { ...b, state: "failed", message: "no such agent", finishedAt: morning + 1 };
    assert.deepEqual(await store.command("b"), failed);
    assert.deepEqual(await store.commandsFor("nobody"), []);
    assert.equal(await store.command("nothing"), null);
    await finish(store, "nothing");
  },

  "a command that nobody finished in time is found, and what a supervisor says later still counts": async (store) => {
    await give(store, command("old"), command("handed", { supervisor: "box" }), command("new", { at: morning + 9 }));
    await store.commandsFor("box");
    const stale = async () => (await store.staleCommands(morning + 9, 10)).map(({ id }) => id);
    assert.deepEqual(await stale(), ["old", "handed"]);
    assert.deepEqual((await store.staleCommands(morning + 9, 1)).length, 1);
    for (const id of ["old", "handed"]) await finish(store, id, { state: "expired", message: "nobody came" });
    assert.deepEqual(await stale(), []);
    assert.deepEqual(
      (await store.commandsFor("host")).map(({ id }) => id),
      ["new"],
      "what has expired is not handed out",
    );
    await finish(store, "handed", { message: "restarted" });
    await finish(store, "handed", { state: "failed" });
    assert.deepEqual(
      [(await store.command("old"))?.state, (await store.command("handed"))?.state],
      ["expired", "done"],
    );
  },

  "an agent's commands are listed newest first, and one that needs no supervisor is done at once": async (store) => {
    const here = command("here", { supervisor: null, command: "pause", askedWith: null });
    const all = command("all", { dependents: true });
    await give(store, command("first"), here, command("other", { agent: "other" }), all);
    const listed = await readAll(2, (query) => store.commands("bot", query));
    assert.deepEqual(
      listed.map(({ id }) => id),
      ["all", "here", "first"],
    );
    assert.deepEqual(listed[0], { ...all, state: "waiting", message: null, finishedAt: null });
    assert.deepEqual(listed[1], { ...here, state: "done", message: null, finishedAt: morning });
    assert.deepEqual((await store.commands("nobody", { limit: 1, cursor: null })).items, []);
  },

  "a spool's position only rises, and is kept per supervisor and spool": async (store) => {
    const move = (spool: string, upto: number) =>
      store.fold([], () => ({
        agents: [],
        notices: () => [],
        spools: [{ supervisor: "host", spool, upto, at: morning }],
      }));
    assert.equal(await store.spoolUpto("host", "s-1"), 0);
    await move("s-1", 9);
    await move("s-1", 4);
    await move("s-2", 1);
    assert.equal(await store.spoolUpto("host", "s-1"), 9);
    assert.equal(await store.spoolUpto("host", "s-2"), 1);
    assert.equal(await store.spoolUpto("elsewhere", "s-1"), 0);
  },
};

export const keyClaims: Claims = {
  "keys are kept in order, and one that is revoked stays revoked since the first time": async (store, place) => {
    const first = await store.addKey(key("aaaa1111"));
    const second = await beside(place, (other) =>
      other.addKey(key("bbbb2222", { scope: "admin", agentGlob: "fleet/*", label: "ops", createdAt: morning + 1 })),
    );
    assert.deepEqual(first, { ...key("aaaa1111"), id: first.id, revokedAt: null });
    assert.deepEqual(await store.keys(), [first, second]);
    await store.revokeKey(first.id, morning + 5);
    await store.revokeKey(first.id, morning + 9);
    await store.revokeKey(4_711, morning);
    assert.deepEqual(await store.keys(), [{ ...first, revokedAt: morning + 5 }, second]);
  },

  "the same key is not added twice": async (store) => {
    await store.addKey(key("aaaa1111"));
    const error = await rejectsWith("failed", () => store.addKey(key("aaaa1111", { scope: "admin" })));
    assert.equal(error.retryable, false);
    assert.equal((await store.keys()).length, 1);
  },
};

export const factClaims: Claims = {
  "a fact is the last value that was put": async (store) => {
    assert.equal(await store.fact("last-sight"), null);
    await store.putFact("last-sight", "1");
    await store.putFact("last-sight", "2");
    assert.equal(await store.fact("last-sight"), "2");
  },

  "a fact is claimed exactly once, whoever asks": async (store, place) => {
    await beside(place, async (other) => {
      const claims = [store, other, store, other].map((one, index) => one.claimFact("report/2026-11-24", `${index}`));
      const won = (await Promise.all(claims)).flatMap((mine, index) => (mine ? [`${index}`] : []));
      assert.equal(won.length, 1);
      assert.equal(await store.fact("report/2026-11-24"), won[0]);
    });
    await store.putFact("put", "");
    assert.equal(await store.claimFact("put", "claimed"), false);
    assert.equal(await store.fact("put"), "");
  },

  "facts are found by the beginning of their key, in order, and nothing in it is a wildcard": async (store) => {
    for (const name of ["gap/2", "gap/1", "gap", "gap0", "g%p/1", "other", "gap/😀"]) await store.putFact(name, name);
    const found = async (prefix: string) => (await store.factsWith(prefix)).map((fact) => fact.key);
    assert.deepEqual(await found("gap/"), ["gap/1", "gap/2", "gap/😀"]);
    assert.deepEqual(await found("g%"), ["g%p/1"]);
    assert.deepEqual(await found("g_p"), []);
    assert.equal((await found("")).length, 7);
    assert.deepEqual(await store.factsWith("oth"), [{ key: "other", value: "other" }]);
  },
};

export const linkClaims: Claims = {
  "a link is taken once, whoever asks, and remembers by whom and what came of it": async (store, place) => {
    const taken = (by: string) => ({ at: morning, by, abandonedBefore: morning - 1 });
    await beside(place, async (other) => {
      const tries = [store, other, store, other].map((one, index) => one.takeLink("a", taken(`${index}`)));
      const won = (await Promise.all(tries)).flatMap((mine, index) => (mine ? [`${index}`] : []));
      assert.equal(won.length, 1);
      assert.deepEqual(await other.usedLink("a"), { at: morning, by: won[0], outcome: null });
    });
    await store.finishLink("a", "done");
    assert.equal((await store.usedLink("a"))?.outcome, "done");
    assert.equal(await store.takeLink("a", { at: morning + 9, by: "late", abandonedBefore: morning + 9 }), false);
    assert.equal(await store.usedLink("b"), null);
  },

  "a link that was taken and came to nothing may be taken again, and so may one that nobody finished": async (
    store,
  ) => {
    const take = (by: string, at: number) => store.takeLink("a", { at, by, abandonedBefore: at - 60 });
    assert.equal(await take("Ada", morning), true);
    await store.finishLink("a", null);
    assert.equal(await store.usedLink("a"), null);
    assert.equal(await take("Bo", morning), true);
    assert.equal(await take("Cy", morning + 60), false, "Bo may still be at it");
    assert.equal(await take("Cy", morning + 61), true);
    await store.finishLink("a", "done");
    await store.finishLink("a", null);
    assert.deepEqual(await store.usedLink("a"), { at: morning + 61, by: "Cy", outcome: "done" });
  },

  "used links are deleted with the history": async (store) => {
    for (const [id, at] of [
      ["old", morning],
      ["new", morning + 2],
    ] as const)
      await store.takeLink(id, { at, by: "Ada", abandonedBefore: 0 });
    await store.prune({ beats: 0, history: morning + 1, incidents: 0, outbox: 0 }, 10);
    assert.equal(await store.usedLink("old"), null);
    assert.equal((await store.usedLink("new"))?.by, "Ada");
  },
};
