import assert from "node:assert/strict";
import { emptyHistory, type AgentState, type KindHistory } from "@midwatch/core";
import { agentState, agentWrite, counting, morning, namesOf, writing } from "../fixture.ts";
import { beside, present, readAll, type Claims } from "./claims.ts";

const minute = 60_000;

/** An agent whose long cost history is filled, and whose kinds have names that objects are touchy about. */
function costly(beatsTotal: number, long: KindHistory["long"]): AgentState {
  const kind: KindHistory = { ...emptyHistory(), accepted: 200 + beatsTotal, recent: [1, 2, beatsTotal], long };
  const kinds = Object.fromEntries([
    ["", kind],
    ["__proto__", { ...kind, accepted: 1 }],
    ["constructor", kind],
  ]);
  return agentState("bot", {
    beatsTotal,
    cost: { kinds, open: { cycle: 7, kind: "__proto__", tokens: 12 }, metered: 3, minute: null },
  });
}

const long: KindHistory["long"] = {
  before: Array.from({ length: 150 }, (_, index) => 1_000 + index),
  peaks: [[[84, 5_000]], [[84, 20_000]], []],
};

export const agentClaims: Claims = {
  "an agent's state comes back exactly as it was written, whichever part of it changed": async (store, place) => {
    const grown = { ...long, before: [...long.before.slice(1), 9] };
    for (const state of [costly(1, long), costly(2, long), costly(3, grown), agentState("bot")]) {
      await store.fold(["bot"], writing(agentWrite("bot", { state })));
      assert.deepEqual((await store.agent("bot"))?.state, state);
      await beside(place, async (other) => assert.deepEqual((await other.agent("bot"))?.state, state));
    }
  },

  "overrides and the mark of being forgotten stay until they are written": async (store, place) => {
    const overrides = { operator: { interval: "5m" }, supervisor: { missed_limit: 3 }, tags: ["prod"] };
    await store.fold(["bot"], writing(agentWrite("bot", { overrides })));
    await store.fold(["bot"], counting(["bot"]));
    assert.deepEqual((await store.agent("bot"))?.overrides, overrides);
    await store.fold(["bot"], writing(agentWrite("bot", { forgottenAt: morning })));
    await store.fold(["bot"], counting(["bot"]));
    await beside(place, async (other) => {
      const row = await other.agent("bot");
      assert.deepEqual(row?.overrides, overrides);
      assert.equal(row.forgottenAt, morning);
    });
    await store.fold(["bot"], writing(agentWrite("bot", { forgottenAt: null })));
    assert.equal((await store.agent("bot"))?.forgottenAt, null);
  },

  "an agent nobody has heard of is null": async (store) => {
    assert.equal(await store.agent("nobody"), null);
    assert.equal(await store.agentCount(), 0);
    assert.deepEqual(await store.agents({ limit: 10, cursor: null }), { items: [], next: null });
  },

  "agents are listed by name, page by page, without the forgotten ones": async (store) => {
    const names = namesOf(25);
    await store.fold(names, counting(names.toReversed()));
    const fourth = present(names[3]);
    await store.fold([fourth], writing(agentWrite(fourth, { forgottenAt: morning })));
    const listed = await readAll(10, (query) => store.agents(query));
    assert.deepEqual(
      listed.map(({ name }) => name),
      names.filter((name) => name !== fourth),
    );
    assert.equal(await store.agentCount(), 24);
  },

  "agents that appear while a list is read neither repeat nor hide one": async (store) => {
    await store.fold(["b", "d", "f"], counting(["b", "d", "f"]));
    const first = await store.agents({ limit: 2, cursor: null });
    await store.fold(["a", "c", "e"], counting(["a", "c", "e"]));
    const second = await store.agents({ limit: 10, cursor: first.next });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ name }) => name),
      ["b", "d", "e", "f"],
    );
  },

  "agents are found by tag": async (store) => {
    const tagged = (name: string, ...tags: string[]) =>
      agentWrite(name, { overrides: { operator: {}, supervisor: {}, tags } });
    await store.fold(["a", "b", "c"], writing(tagged("a", "prod", "eu"), tagged("b", "pro"), tagged("c", "prod")));
    const found = await readAll(1, (query) => store.agents({ ...query, tag: "prod" }));
    assert.deepEqual(
      found.map(({ name }) => name),
      ["a", "c"],
    );
  },

  "a deadline that is brought forward is stored at once, a later one only when it is moved": async (store) => {
    const write = (deadline: number | null, moveDeadline = false) =>
      store.fold(["bot"], writing(agentWrite("bot", { deadline, moveDeadline })));
    const dueAt = async (at: number) => (await store.dueAgents(at, 10)).length === 1;

    await write(null);
    assert.equal(await dueAt(Number.MAX_SAFE_INTEGER), false, "no deadline is never due");
    await write(morning + 5 * minute);
    assert.equal(await dueAt(morning + 5 * minute), true);
    assert.equal(await dueAt(morning + 5 * minute - 1), false);
    await write(morning + 9 * minute);
    assert.equal(await dueAt(morning + 5 * minute), true, "a later one leaves the stored one alone");
    await write(null);
    assert.equal(await dueAt(morning + 5 * minute), true, "and so does none");
    await write(morning + minute);
    assert.equal(await dueAt(morning + minute), true);
    await write(morning + 9 * minute, true);
    assert.equal(await dueAt(morning + 9 * minute - 1), false);
    assert.equal(await dueAt(morning + 9 * minute), true);
    await write(null, true);
    assert.equal(await dueAt(Number.MAX_SAFE_INTEGER), false);
  },

  "due agents come earliest first, at most as many as asked for, and never a forgotten one": async (store) => {
    const names = namesOf(6);
    await store.fold(
      names,
      writing(...names.map((name, index) => agentWrite(name, { deadline: morning - index * minute }))),
    );
    const earliest = present(names[5]);
    await store.fold([earliest], writing(agentWrite(earliest, { forgottenAt: morning })));
    assert.deepEqual(await store.dueAgents(morning - minute, 3), [names[4], names[3], names[2]]);
    assert.deepEqual(await store.dueAgents(morning - minute, 10), [names[4], names[3], names[2], names[1]]);
    await store.fold([earliest], writing(agentWrite(earliest, { forgottenAt: null })));
    assert.deepEqual(await store.dueAgents(morning, 1), [earliest], "a beat brings it back");
  },
};
