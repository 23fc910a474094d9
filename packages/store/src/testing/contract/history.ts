import assert from "node:assert/strict";
import type { Incident } from "@midwatch/core";
import type { IncidentWrite, Store, StoredIncident } from "../../store.ts";
import { agentWrite, entry, incident, morning, writing } from "../fixture.ts";
import { present, readAll, type Claims } from "./claims.ts";

const minute = 60_000;

export const historyClaims: Claims = {
  "history is listed newest first, of one agent or of all, and of the kinds asked for": async (store) => {
    const lines = (name: string, ...at: number[]) =>
      agentWrite(name, { history: at.map((ms) => entry({ at: morning + ms, text: `${name} ${ms}` })) });
    await store.fold(["a", "b"], writing(lines("a", 1, 3, 3), lines("b", 2)));
    const exited = entry({
      at: morning + 4,
      kind: "exited",
      text: "b 4",
      data: { code: 1, signal: null, clean: false },
    });
    await store.fold(["b"], writing(agentWrite("b", { history: [exited] })));

    const all = await readAll(2, (query) => store.history(null, query));
    assert.deepEqual(
      all.map(({ text }) => text),
      ["b 4", "a 3", "a 3", "b 2", "a 1"],
    );
    assert.deepEqual(all[0], { ...exited, id: all[0]?.id, agent: "b" });
    assert.deepEqual(
      (await readAll(1, (query) => store.history("a", query))).map(({ text }) => text),
      ["a 3", "a 3", "a 1"],
    );
    const some = async (query: Partial<Parameters<Store["history"]>[1]>) =>
      (await store.history(null, { limit: 10, cursor: null, ...query })).items.map(({ text }) => text);
    assert.deepEqual(await some({ kinds: ["exited", "hung"] }), ["b 4"]);
    assert.deepEqual(await some({ kinds: [] }), []);
    assert.deepEqual(await some({ from: morning + 2, to: morning + 4 }), ["a 3", "a 3", "b 2"]);
    assert.deepEqual((await store.history("nobody", { limit: 10, cursor: null })).items, []);
  },

  "event ids only rise, also when the newest were pruned": async (store, place) => {
    assert.equal(await store.lastEventId(), 0);
    const write = () => store.fold(["bot"], writing(agentWrite("bot", { history: [entry(), entry()] })));
    const first = (await write()).history.map(({ id }) => id);
    assert.equal(await store.lastEventId(), first.at(-1));
    await store.prune({ beats: 0, history: morning + 1, incidents: 0, outbox: 0 }, 10);
    assert.deepEqual((await store.history(null, { limit: 10, cursor: null })).items, []);
    assert.equal(await store.lastEventId(), first.at(-1));
    await store.close();
    const again = await place.open();
    const next = await again.fold(["bot"], writing(agentWrite("bot", { history: [entry()] })));
    assert.ok(present(next.history[0]).id > present(first.at(-1)));
    await again.close();
  },
};

async function write(store: Store, name: string, ...incidents: IncidentWrite[]): Promise<readonly StoredIncident[]> {
  return (await store.fold([name], writing(agentWrite(name, { incidents })))).incidents;
}

const open = (over: Partial<Incident> = {}): IncidentWrite => ({ do: "open", incident: incident(over) });

const resolve = (over: Partial<Incident>, at: number): IncidentWrite => {
  const closed = incident(over);
  return { do: "resolve", kind: closed.kind, incident: closed, at, by: "restart" };
};

export const incidentClaims: Claims = {
  "an incident is opened, changed and resolved as one row": async (store) => {
    const [opened] = await write(store, "bot", open());
    assert.ok(opened);
    assert.deepEqual(await store.incident(opened.id), opened);
    assert.deepEqual(opened, {
      id: opened.id,
      agent: "bot",
      incident: incident(),
      resolvedAt: null,
      resolvedBy: null,
      evidence: [],
    });

    const raised = incident({ severity: "page", acknowledged: { at: morning + 1, by: "me" } });
    const [updated] = await write(store, "bot", { do: "update", incident: raised });
    assert.deepEqual(updated, { ...opened, incident: raised });
    assert.deepEqual(await store.incident(opened.id), updated);

    const [resolved] = await write(store, "bot", resolve({ text: "It is over." }, morning + minute));
    const end = { incident: incident({ text: "It is over." }), resolvedAt: morning + minute, resolvedBy: "restart" };
    assert.deepEqual(resolved, { ...opened, ...end });
    assert.deepEqual(await store.incident(opened.id), resolved);
    assert.equal(await store.incident(opened.id + 1), null);
  },

  "at most one incident is open per agent and kind": async (store) => {
    const [first] = await write(store, "bot", open({ title: "first" }));
    const [second] = await write(store, "bot", open({ title: "again" }));
    assert.equal(first?.id, second?.id);
    const [other] = await write(store, "bot", open({ kind: "drift" }));
    const [elsewhere] = await write(store, "other", open());
    assert.equal(new Set([first?.id, other?.id, elsewhere?.id]).size, 3);
    const [, reopened] = await write(store, "bot", resolve({}, morning), open());
    assert.notEqual(reopened?.id, first?.id, "one that was resolved is not opened again");
    const all = await store.incidents({ limit: 10, cursor: null, agent: "bot", open: true });
    assert.deepEqual(all.items.map(({ id }) => id).toSorted(), [other?.id, reopened?.id].toSorted());
  },

  "incidents are listed newest first, by agent, by being open, by severity and by the time they lasted": async (
    store,
  ) => {
    const at = (minutes: number, over: Partial<Incident> = {}): Partial<Incident> => ({
      openedAt: morning + minutes * minute,
      since: morning + (minutes - 1) * minute,
      title: `${minutes}`,
      ...over,
    });
    await write(store, "a", open(at(10)), resolve(at(10), morning + 20 * minute));
    await write(store, "a", open(at(30, { severity: "warn" })));
    await write(store, "b", open(at(5, { kind: "drift", severity: "info" })));
    await write(
      store,
      "b",
      open(at(40, { kind: "failing" })),
      resolve(at(40, { kind: "failing" }), morning + 50 * minute),
    );

    const titles = async (query: Partial<Parameters<Store["incidents"]>[0]>) =>
      (await readAll(1, (page) => store.incidents({ ...query, ...page }))).map((one) => one.incident.title);
    assert.deepEqual(await titles({}), ["40", "30", "10", "5"]);
    assert.deepEqual(await titles({ agent: "a" }), ["30", "10"]);
    assert.deepEqual(await titles({ agent: "nobody" }), []);
    assert.deepEqual(await titles({ open: true }), ["30", "5"]);
    assert.deepEqual(await titles({ open: false }), ["40", "10"]);
    assert.deepEqual(await titles({ open: false, agent: "b" }), ["40"]);
    assert.deepEqual(await titles({ severity: "warn" }), ["30"]);
    const span = (from: number, to: number) => ({ from: morning + from * minute, to: morning + to * minute });
    assert.deepEqual(await titles(span(15, 18)), ["10", "5"]);
    assert.deepEqual(await titles(span(21, 29)), ["5"], "one that is open still lasts");
    assert.deepEqual(await titles(span(0, 4)), [], "none had begun");
    assert.deepEqual(await titles(span(45, 99)), ["40", "30", "5"]);
  },
};
