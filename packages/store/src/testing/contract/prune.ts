import assert from "node:assert/strict";
import type { Store } from "../../store.ts";
import {
  agentWrite,
  beat,
  command,
  draft,
  entry,
  evidence,
  finish,
  incident,
  morning,
  namesOf,
  writing,
} from "../fixture.ts";
import type { Claims } from "./claims.ts";

const day = 24 * 3_600_000;
const page = { limit: 1_000, cursor: null };

const hung = { do: "open", incident: incident({ kind: "hung" }) } as const;

async function rowsOf(store: Store, names: readonly string[]): Promise<number> {
  let rows = (await store.history(null, page)).items.length;
  rows += (await store.incidents(page)).items.length;
  rows += (await store.outbox(page)).items.length;
  for (const name of names) rows += (await store.beats(name, page)).items.length;
  return rows;
}

/** Per agent three old beats, two old lines of history, an old incident that is over; and an old notification that was sent. */
async function writeOld(store: Store, names: readonly string[]): Promise<number> {
  const over = incident();
  await store.fold(names, () => ({
    agents: names.map((name) =>
      agentWrite(name, {
        beats: [beat({ tokens: 1 }), beat({ at: morning + 1, tokens: 1 }), beat({ at: morning + 2, tokens: 1 })],
        history: [entry(), entry()],
        incidents: [
          { do: "open", incident: over },
          { do: "resolve", kind: over.kind, incident: over, at: morning, by: "itself" },
        ],
      }),
    ),
    notices: () => [],
  }));
  await store.addOutbox(names.map((name) => draft(name, { agent: name })));
  for (const { id } of await store.claimOutbox({ now: morning, leaseUntil: morning + 1, limit: 1_000 })) {
    await store.finishOutbox(id, { sent: true, at: morning, tookMs: 5 });
  }
  return 7 * names.length;
}

export const pruneClaims: Claims = {
  "what is older than kept is deleted, a bounded number of rows a call, until nothing is left": async (store) => {
    const names = namesOf(10);
    const total = await writeOld(store, names);
    const before = { beats: morning + day, history: morning + day, incidents: morning + day, outbox: morning + day };
    let left = await rowsOf(store, names);
    assert.equal(left, total);
    for (let calls = 1; await store.prune(before, 8); calls += 1) {
      assert.ok(calls <= total, "it comes to an end");
      const now = await rowsOf(store, names);
      assert.equal(left - now, Math.min(8, left), "a call deletes as much as it may");
      left = now;
    }
    assert.equal(await rowsOf(store, names), 0);
    const hours = await store.hours({ from: 0, to: morning + day });
    assert.deepEqual(
      hours.map(({ tokens }) => tokens),
      names.map(() => 3),
      "totals stay",
    );
    assert.equal(await store.agentCount(), names.length, "agents stay");
    assert.equal(await store.prune(before, 8), false);
  },

  "each kind of row has its own age, and what is as old as kept stays": async (store) => {
    const total = await writeOld(store, ["bot"]);
    await store.prune({ beats: morning, history: morning, incidents: morning, outbox: morning }, 100);
    assert.equal(await rowsOf(store, ["bot"]), total);
    await store.prune({ beats: morning + 2, history: 0, incidents: 0, outbox: 0 }, 100);
    const { items } = await store.beats("bot", page);
    assert.deepEqual(
      items.map(({ at }) => at),
      [morning + 2],
    );
    await store.prune({ beats: 0, history: morning + 1, incidents: 0, outbox: 0 }, 100);
    assert.equal((await store.history(null, page)).items.length, 0);
    assert.equal((await store.incidents(page)).items.length, 1);
    await store.prune({ beats: 0, history: 0, incidents: morning + 1, outbox: 0 }, 100);
    assert.equal((await store.incidents(page)).items.length, 0);
    assert.equal((await store.outbox(page)).items.length, 1);
    await store.prune({ beats: 0, history: 0, incidents: 0, outbox: morning + 1 }, 100);
    assert.equal((await store.outbox(page)).items.length, 0);
  },

  "what is open or unfinished is never too old": async (store) => {
    const opened = { do: "open", incident: incident() } as const;
    await store.fold(["bot"], () => ({
      agents: [agentWrite("bot", { incidents: [opened] })],
      notices: () => [],
      commands: [command("c-1")],
    }));
    await store.addOutbox([draft("claimed", { agent: "a" }), draft("waiting", { agent: "b" })]);
    await store.claimOutbox({ now: morning, leaseUntil: morning + 1, limit: 1 });
    const late = morning + 400 * day;
    assert.equal(await store.prune({ beats: late, history: late, incidents: late, outbox: late }, 100), false);
    assert.equal((await store.incidents({ ...page, open: true })).items.length, 1);
    assert.equal((await store.outbox(page)).items.length, 2);
    assert.equal((await store.commandsFor("host")).length, 1);
    await finish(store, "c-1");
    await store.prune({ beats: late, history: late, incidents: late, outbox: late }, 100);
    assert.equal(await store.command("c-1"), null, "a finished command goes with the history");
  },

  "evidence goes with the incidents, and a spool that has not moved with the history": async (store) => {
    const [opened] = (
      await store.fold(["bot"], writing(agentWrite("bot", { evidence: [evidence("e")], incidents: [hung] })))
    ).incidents;
    const move = { supervisor: "host", upto: 7 };
    const spools = [
      { ...move, spool: "old", at: morning },
      { ...move, spool: "moved", at: morning },
      { ...move, spool: "moved", at: morning + 5 },
    ];
    await store.fold([], () => ({ agents: [], notices: () => [], spools }));
    await store.prune({ beats: 0, history: morning + 1, incidents: morning, outbox: 0 }, 100);
    assert.deepEqual([await store.spoolUpto("host", "old"), await store.spoolUpto("host", "moved")], [0, 7]);
    const id = opened?.evidence[0]?.id ?? 0;
    assert.ok(await store.evidence(id));
    await store.prune({ beats: 0, history: 0, incidents: morning + 1, outbox: 0 }, 100);
    assert.equal(await store.evidence(id), null);
    assert.deepEqual((await store.incident(opened?.id ?? 0))?.evidence, []);
  },

  "a limit of nothing deletes nothing": async (store) => {
    const total = await writeOld(store, ["bot"]);
    const late = morning + day;
    assert.equal(await store.prune({ beats: late, history: late, incidents: late, outbox: late }, 0), true);
    assert.equal(await rowsOf(store, ["bot"]), total);
  },
};
