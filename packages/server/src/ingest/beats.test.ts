import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { defaultSettings, newAgent } from "@midwatch/core";
import type { AgentView, BeatAnswer, ErrorBody } from "@midwatch/protocol";
import { maxAgents } from "../ledger/census.ts";
import { codeOf, startTestServer } from "../testing/test-server.ts";

test("a bare beat whose connection broke before its answer is counted once when it is sent again", async () => {
  const gate = Promise.withResolvers<undefined>();
  await using midwatch = await startTestServer({
    // The disk is slow, so that the connection breaks while the beat waits for it.
    wrapStore: (store) => ({
      ...store,
      fold: async (names, decide) => {
        await gate.promise;
        return store.fold(names, decide);
      },
    }),
  });
  const body = '{"agent":"bare","tokens_used":500}';
  const socket = connect(midwatch.server.port, "127.0.0.1");
  await once(socket, "connect");
  socket.write(
    `POST /api/v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${midwatch.keys.ingest}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  while (midwatch.watch.queue.depth === 0) await turn();
  socket.destroy();
  await once(socket, "close");
  await turn();
  const again = midwatch.beat(JSON.parse(body) as object);
  await turn();
  gate.resolve(undefined);
  const { status, body: answer } = await again;
  assert.equal(status, 200);
  assert.equal(answer.agent, "bare");
  const total = async (): Promise<number> => (await midwatch.get<AgentView>("/api/v1/agents/bare")).body.tokens_total;
  assert.equal(await total(), 500);
  await midwatch.beat(JSON.parse(body) as object);
  assert.equal(await total(), 1_000, "the next one is a beat of its own");
});

test("a bug that one agent's beats meet does not take along the beats of others", async () => {
  await using midwatch = await startTestServer({
    wrapStore: (store) => ({
      ...store,
      fold: (names, decide) =>
        names.includes("cursed") ? Promise.reject(new TypeError("x is not a function")) : store.fold(names, decide),
    }),
  });
  const beats = ["a", "cursed", "b"].map((agent) => ({ agent }));
  const { body } = await midwatch.call<{ beats: (BeatAnswer | ErrorBody)[] }>("POST", "/api/v1/heartbeats", {
    body: { beats },
    key: midwatch.keys.ingest,
  });
  assert.deepEqual(
    body.beats.map((answer) => ("error" in answer ? answer.error.code : answer.agent)),
    ["a", "internal", "b"],
  );
  assert.ok(!JSON.stringify(body).includes("not a function"));
  assert.ok(midwatch.logged.some((line) => line.includes("this is a bug in Midwatch")));
});

test("beyond the most agents a server watches a new name is refused, and known ones go on", async () => {
  await using midwatch = await startTestServer();
  await midwatch.beat({ agent: "known" });
  const state = newAgent("", 0, defaultSettings);
  for (let n = 1; n < maxAgents; n += 1) {
    midwatch.watch.ledger.census.note({ id: n, state: { ...state, name: `made-up-${n}` } });
  }
  const reply = await midwatch.beat({ agent: "one-too-many" });
  assert.deepEqual([reply.status, codeOf(reply)], [429, "too_many_agents"]);
  assert.equal((await midwatch.beat({ agent: "known" })).status, 200);
});

async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
