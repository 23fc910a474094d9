import assert from "node:assert/strict";
import type { Incident } from "@midwatch/core";
import type { EvidenceDraft, IncidentWrite, Store, StoredIncident } from "../../store.ts";
import { agentWrite, evidence, incident, morning, writing } from "../fixture.ts";
import { present, type Claims } from "./claims.ts";

const minute = 60_000;

const open = (over: Partial<Incident> = {}): IncidentWrite => ({
  do: "open",
  incident: incident({ kind: "hung", since: morning, ...over }),
});

async function write(
  store: Store,
  name: string,
  what: { readonly evidence?: readonly EvidenceDraft[]; readonly incidents?: readonly IncidentWrite[] },
): Promise<readonly StoredIncident[]> {
  return (await store.fold([name], writing(agentWrite(name, what)))).incidents;
}

async function linesOf(store: Store, id: number | undefined): Promise<readonly string[]> {
  return present(await store.incident(present(id))).evidence.map(({ summary }) => summary);
}

const piece = (key: string, over: Partial<EvidenceDraft> = {}): EvidenceDraft =>
  evidence(key, { summary: key, ...over });

export const evidenceClaims: Claims = {
  "evidence is told with its incident, whichever of the two comes first, and is read whole": async (store) => {
    const before = piece("before", { at: morning - 5_000 });
    const opened = present((await write(store, "bot", { evidence: [before], incidents: [open()] }))[0]);
    assert.deepEqual(
      opened.evidence.map(({ summary }) => summary),
      ["before"],
      "also to whoever hears of the write",
    );
    await write(store, "bot", { evidence: [piece("after", { at: morning + minute })] });
    assert.deepEqual(await linesOf(store, opened.id), ["before", "after"]);
    const [listed] = (await store.incidents({ limit: 1, cursor: null })).items;
    assert.deepEqual(listed?.evidence, present(await store.incident(opened.id)).evidence);
    const [line] = opened.evidence;
    const { key, ...rest } = before;
    assert.deepEqual(await store.evidence(present(line).id), { ...rest, id: line?.id, agent: "bot" }, key);
    assert.equal(await store.evidence(4_711), null);
  },

  "an incident has only what was taken of its agent, for its kind and in its time": async (store) => {
    const [hung, crashed] = await write(store, "bot", {
      incidents: [open(), open({ kind: "crashed" }), open({ kind: "drift" })],
    });
    const closed: Incident = incident({ kind: "hung", since: morning });
    await write(store, "bot", {
      evidence: [
        piece("long before", { at: morning - 10 * minute }),
        piece("hangs"),
        piece("crashes", { why: "crashed" }),
        piece("drains", { why: "overdue" }),
        piece("long after", { at: morning + 10 * minute }),
      ],
      incidents: [{ do: "resolve", kind: "hung", incident: closed, at: morning + minute, by: "restart" }],
    });
    await write(store, "other", { evidence: [piece("of another")] });
    assert.deepEqual(await linesOf(store, hung?.id), ["hangs"]);
    assert.deepEqual(await linesOf(store, crashed?.id), ["crashes"]);
    const drift = (await store.incidents({ limit: 10, cursor: null })).items.find(
      (one) => one.incident.kind === "drift",
    );
    assert.deepEqual(drift?.evidence, []);
  },

  "the same evidence is kept once, however often it is delivered": async (store) => {
    const [opened] = await write(store, "bot", { evidence: [piece("one")], incidents: [open()] });
    await write(store, "bot", { evidence: [piece("one", { summary: "again" }), piece("two")] });
    assert.deepEqual(await linesOf(store, opened?.id), ["one", "two"]);
  },

  "of each agent the newest fifty are kept": async (store) => {
    const many = Array.from({ length: 60 }, (_, index) => piece(`${index}`, { at: morning + index }));
    const [opened] = await write(store, "bot", { evidence: many, incidents: [open()] });
    await write(store, "bot", { evidence: [piece("late delivery", { at: morning - 1 })] });
    const [other] = await write(store, "other", { evidence: [piece("of another")], incidents: [open()] });
    const kept = await linesOf(store, opened?.id);
    assert.deepEqual([kept.length, kept[0], kept.at(-1)], [50, "10", "59"]);
    assert.deepEqual(await linesOf(store, other?.id), ["of another"]);
  },

  "of each agent twenty MiB are kept, and the newest piece always": async (store) => {
    const items = [{ name: "output", text: "x".repeat(4 * 1024 * 1024) }];
    const large = Array.from({ length: 6 }, (_, index) => piece(`${index}`, { at: morning + index, items }));
    const [opened] = await write(store, "bot", { evidence: large, incidents: [open()] });
    assert.deepEqual(await linesOf(store, opened?.id), ["2", "3", "4", "5"]);
    const huge = [{ name: "output", text: "x".repeat(21 * 1024 * 1024) }];
    await write(store, "bot", { evidence: [piece("huge", { at: morning + 9, items: huge })] });
    assert.deepEqual(await linesOf(store, opened?.id), ["huge"]);
  },
};
