import assert from "node:assert/strict";
import type { Written } from "../../store.ts";
import {
  agentState,
  agentWrite,
  beat,
  command,
  counting,
  entry,
  incident,
  morning,
  namesOf,
  writing,
} from "../fixture.ts";
import { beside, type Claims } from "./claims.ts";

const page = { limit: 100, cursor: null };

export const foldClaims: Claims = {
  "a fold writes states, beats, history and incidents together and hands back their ids": async (store) => {
    const written = await store.fold(
      ["bot"],
      writing(
        agentWrite("bot", {
          state: agentState("bot", { beatsTotal: 1 }),
          beats: [beat({ tokens: 7 })],
          history: [entry({ text: "first" }), entry({ text: "second" })],
          incidents: [{ do: "open", incident: incident() }],
        }),
      ),
    );
    const row = await store.agent("bot");
    assert.equal(row?.state.beatsTotal, 1);
    assert.equal(written.agentIds.get("bot"), row.id);
    assert.deepEqual((await store.history("bot", page)).items.toReversed(), written.history);
    assert.deepEqual(
      written.history.map(({ text, agent }) => [agent, text]),
      [
        ["bot", "first"],
        ["bot", "second"],
      ],
    );
    assert.deepEqual((await store.incidents(page)).items, written.incidents);
    assert.equal((await store.beats("bot", page)).items[0]?.tokens, 7);
  },

  "a decision is handed the agents that exist, and no others": async (store) => {
    await store.fold(["a", "b"], counting(["a", "b"]));
    await store.fold(["b", "c"], (rows) => {
      assert.deepEqual([...rows.keys()], ["b"]);
      assert.equal(rows.get("b")?.state.beatsTotal, 1);
      return { agents: [], notices: () => [] };
    });
    assert.equal(await store.agentCount(), 2, "a decision may write nothing");
  },

  "a decision that throws leaves nothing behind, and its error comes back as it is": async (store) => {
    const bug = new Error("a bug in the rules");
    const folding = store.fold(["bot"], () => {
      throw bug;
    });
    await assert.rejects(folding, (error) => error === bug);
    assert.equal(await store.agent("bot"), null);
    await store.fold(["bot"], counting(["bot"]));
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 1);
  },

  "what was written before a failure is taken back, and the next fold does not see it": async (store) => {
    await store.fold(["bot"], counting(["bot"]));
    const bug = new Error("a bug in the notices");
    const failing = store.fold(["bot", "new"], () => ({
      agents: ["bot", "new"].map((name) =>
        agentWrite(name, {
          state: agentState(name, { beatsTotal: 99 }),
          deadline: morning,
          beats: [beat()],
          history: [entry()],
          incidents: [{ do: "open", incident: incident() }],
        }),
      ),
      notices: () => {
        throw bug;
      },
    }));
    await assert.rejects(failing, (error) => error === bug);
    assert.equal(await store.agent("new"), null);
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 1);
    assert.equal((await store.beats("bot", page)).items.length, 1);
    assert.equal((await store.history(null, page)).items.length, 0);
    assert.equal((await store.incidents(page)).items.length, 0);
    assert.deepEqual(await store.dueAgents(morning, 10), []);
    await store.fold(["bot"], counting(["bot"]));
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 2);
  },

  "folds that are asked for at once follow one another": async (store) => {
    await Promise.all(Array.from({ length: 50 }, () => store.fold(["bot"], counting(["bot"]))));
    assert.equal((await store.agent("bot"))?.state.beatsTotal, 50);
    const seqs = (await store.beats("bot", page)).items.map(({ seq }) => seq);
    assert.deepEqual(new Set(seqs).size, 50);
  },

  "two processes that fold the same agents lose no beat": async (store, place) => {
    const names = namesOf(3);
    await beside(place, async (other) => {
      for (let round = 0; round < 20; round += 1) {
        await Promise.all([store.fold(names, counting(names)), other.fold(names, counting(names))]);
      }
      for (const name of names) {
        assert.equal((await store.agent(name))?.state.beatsTotal, 40);
        assert.deepEqual(await store.agent(name), await other.agent(name));
        assert.equal((await store.beats(name, page)).items.length, 40);
      }
    });
  },

  "the notices are told the ids of agents and of incidents that are open, opened or resolved": async (store) => {
    const before = await store.fold(
      ["bot"],
      writing(
        agentWrite("bot", {
          incidents: [
            { do: "open", incident: incident({ kind: "drift" }) },
            { do: "open", incident: incident({ kind: "stuck" }) },
          ],
        }),
      ),
    );
    const told: number[] = [];
    const written: Written = await store.fold(["bot"], () => ({
      agents: [
        agentWrite("bot", {
          incidents: [
            { do: "open", incident: incident({ kind: "silent" }) },
            { do: "open", incident: incident({ kind: "failing" }) },
            { do: "resolve", kind: "failing", incident: incident({ kind: "failing" }), at: morning, by: "itself" },
            { do: "resolve", kind: "drift", incident: incident({ kind: "drift" }), at: morning, by: "itself" },
            { do: "open", incident: incident({ kind: "drift" }) },
          ],
        }),
      ],
      notices: (ids) => {
        told.splice(0);
        told.push(ids.agentId("bot"));
        for (const kind of ["stuck", "silent", "failing", "drift"] as const) told.push(ids.incidentId("bot", kind));
        return [{ key: "key", at: morning, body: { incident: told[1] } }];
      },
    }));
    const [, stuck] = before.incidents;
    const [silent, , failing, , drift] = written.incidents;
    assert.deepEqual(told, [written.agentIds.get("bot"), stuck?.id, silent?.id, failing?.id, drift?.id]);
    assert.notEqual(drift?.id, before.incidents[0]?.id, "of one resolved and one open it is the open one");
    const bodies: unknown[] = [];
    await store.desk({ now: morning, limit: 10 }, ({ notices }) => {
      bodies.splice(0, bodies.length, ...notices.map(({ body }) => body));
      return { rows: [], drop: [], outbox: [], facts: [] };
    });
    assert.deepEqual(bodies, [{ incident: told[1] }]);
  },

  "commands and spool positions are written with the decision": async (store) => {
    await store.fold(["bot"], () => ({
      agents: [agentWrite("bot")],
      notices: () => [],
      commands: [command("c-1")],
      spools: [{ supervisor: "host", spool: "s-1", upto: 42, at: morning }],
    }));
    assert.equal((await store.command("c-1"))?.state, "waiting");
    assert.equal(await store.spoolUpto("host", "s-1"), 42);
  },

  "a fold of many agents with many beats keeps every one": async (store) => {
    const names = namesOf(200);
    await store.fold(
      names,
      writing(
        ...names.map((name) =>
          agentWrite(name, {
            beats: Array.from({ length: 10 }, (_, seq) => beat({ at: morning + seq, seq, tokens: 1 })),
          }),
        ),
      ),
    );
    const hours = await store.hours({ from: morning, to: morning + 3_600_000 });
    assert.equal(hours.length, 200);
    assert.ok(hours.every(({ beats, tokens }) => beats === 10 && tokens === 10));
  },

  "what was resolved is there when the store is opened again": async (store, place) => {
    await store.fold(["bot"], counting(["bot"]));
    await store.putFact("fact", "value");
    await store.close();
    await beside(place, async (again) => {
      assert.equal((await again.agent("bot"))?.state.beatsTotal, 1);
      assert.equal((await again.beats("bot", page)).items.length, 1);
      assert.equal(await again.fact("fact"), "value");
    });
  },
};
