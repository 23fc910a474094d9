import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { openStream } from "../testing/event-stream.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

function bearer(midwatch: TestServer): Record<string, string> {
  return { authorization: `Bearer ${midwatch.keys.read}` };
}

test("a stream shows the beats of an agent, what happened to it, and its incidents", async () => {
  await using midwatch = await startTestServer();
  const stream = await openStream(`${midwatch.url}/api/v1/stream`, bearer(midwatch));
  await stream.until(({ event }) => event === "hello");
  await midwatch.beat({ agent: "shown", tokens_used: 300_000 });
  await stream.until(({ event, data }) => event === "incident" && data.kind === "runaway");
  const { data } = await stream.until(({ event }) => event === "agent");
  assert.equal((data as { name: string; recent: unknown[] }).name, "shown");
  assert.equal((data as { recent: unknown[] }).recent.length, 1);
  assert.ok(stream.heard.some(({ event }) => event === "history"));
  await midwatch.call("DELETE", "/api/v1/agents/shown");
  await stream.until(({ event }) => event === "agent-forgotten");
  stream.close();
});

test("after a reconnect with its last id a client gets exactly what it missed", async () => {
  await using midwatch = await startTestServer();
  const url = `${midwatch.url}/api/v1/stream`;
  const before = await openStream(url, bearer(midwatch));
  await midwatch.beat({ agent: "one" });
  await before.until(({ event, data }) => event === "agent" && data.name === "one");
  const { lastId } = before;
  before.close();
  await midwatch.beat({ agent: "two" });
  const after = await openStream(url, { ...bearer(midwatch), "last-event-id": lastId });
  await after.until(({ event, data }) => event === "agent" && data.name === "two");
  assert.ok(!after.heard.some(({ event }) => event === "resync"));
  assert.ok(!JSON.stringify(after.heard).includes('"one"'), "what was heard before does not come again");
  after.close();
});

test("an id that is not known any more is answered with resync", async () => {
  await using midwatch = await startTestServer();
  const stream = await openStream(`${midwatch.url}/api/v1/stream`, { ...bearer(midwatch), "last-event-id": "old-42" });
  await stream.until(({ event }) => event === "resync");
  stream.close();
});

test("a client that does not read is cut off, and the others hear everything", async () => {
  await using midwatch = await startTestServer();
  const deaf = connect(midwatch.server.port, "127.0.0.1");
  await once(deaf, "connect");
  deaf.on("error", () => undefined);
  deaf.write(`GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${midwatch.keys.read}\r\n\r\n`);
  deaf.pause();
  const stream = await openStream(`${midwatch.url}/api/v1/stream`, bearer(midwatch));
  while (midwatch.watch.hub.clients < 2) await new Promise((resolve) => setTimeout(resolve, 10));
  // Every new run is a line of history with the run's name in it, so the stream grows by what is sent.
  for (let round = 0; round < 200 && midwatch.watch.hub.clients > 1; round += 1) {
    const beats = Array.from({ length: 250 }, (_, n) => ({
      agent: `loud-${n}`,
      run_id: `${"r".repeat(100)}-${round}`,
      seq: 0,
      status: "error",
    }));
    await midwatch.call("POST", "/api/v1/heartbeats", { body: { beats }, key: midwatch.keys.ingest });
  }
  assert.equal(midwatch.watch.hub.clients, 1);
  await midwatch.beat({ agent: "last-word" });
  await stream.until(({ event, data }) => event === "agent" && data.name === "last-word");
  stream.close();
  deaf.destroy();
});
