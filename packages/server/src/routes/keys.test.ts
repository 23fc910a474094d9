import assert from "node:assert/strict";
import { test } from "node:test";
import { SECOND } from "@midwatch/core";
import type { AgentView, Page } from "@midwatch/protocol";
import { createKey } from "../keys/key.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { codeOf, startTestServer } from "../testing/test-server.ts";

interface KeyBody {
  readonly id: number;
  readonly key?: string;
  readonly prefix: string;
}

test("a key is shown once, works at once, and is refused as soon as it is revoked", async () => {
  await using midwatch = await startTestServer();
  const { status, body } = await midwatch.post<KeyBody>("/api/v1/keys", { scope: "ingest", label: "box" });
  assert.equal(status, 201);
  const key = body.key ?? "";
  assert.match(key, /^mw_/);
  const beat = { body: { agent: "a" }, key };
  assert.equal((await midwatch.call("POST", "/api/v1/heartbeat", beat)).status, 200);
  const { body: list } = await midwatch.get<{ items: KeyBody[] }>("/api/v1/keys");
  assert.ok(list.items.some(({ id, prefix }) => id === body.id && key.startsWith(prefix)));
  assert.ok(!JSON.stringify(list).includes(key));
  assert.equal((await midwatch.call("DELETE", `/api/v1/keys/${body.id}`)).status, 200);
  assert.equal((await midwatch.call("POST", "/api/v1/heartbeat", beat)).status, 401);
  assert.equal((await midwatch.call("DELETE", "/api/v1/keys/9999")).status, 404);
});

test("a key made or revoked beside the running server is known within seconds", async () => {
  const clock = createTestClock();
  await using midwatch = await startTestServer({ clock });
  const { key, row } = await createKey(midwatch.store, { scope: "ingest", agentGlob: null, label: "", at: 0 });
  clock.advance(2 * SECOND);
  assert.equal((await midwatch.call("POST", "/api/v1/heartbeat", { body: { agent: "a" }, key })).status, 200);
  await midwatch.store.revokeKey(row.id, 1);
  clock.advance(6 * SECOND);
  assert.equal((await midwatch.call("POST", "/api/v1/heartbeat", { body: { agent: "a" }, key })).status, 401);
});

test("a key for some agents speaks, and sees, only for those", async () => {
  await using midwatch = await startTestServer();
  for (const agent of ["team-a", "team-b", "other"]) await midwatch.beat({ agent });
  const make = async (scope: string): Promise<string> =>
    (await midwatch.post<KeyBody>("/api/v1/keys", { scope, agent: "team-*" })).body.key ?? "";
  const ingest = await make("ingest");
  const foreign = await midwatch.call("POST", "/api/v1/heartbeat", { body: { agent: "other" }, key: ingest });
  assert.deepEqual([foreign.status, codeOf(foreign)], [403, "wrong_agent"]);
  assert.equal(
    (await midwatch.call("POST", "/api/v1/heartbeat", { body: { agent: "team-a" }, key: ingest })).status,
    200,
  );
  const read = await make("read");
  const { body } = await midwatch.call<Page<AgentView>>("GET", "/api/v1/agents", { key: read });
  assert.deepEqual(
    body.items.map(({ name }) => name),
    ["team-a", "team-b"],
  );
  for (const path of ["/api/v1/agents/other", "/api/v1/agents/other/events", "/api/v1/reports/daily", "/metrics"]) {
    assert.equal((await midwatch.call("GET", path, { key: read })).status, 403, path);
  }
});

test("a hundred wrong keys in a minute have to wait, and a right one still works", async () => {
  await using midwatch = await startTestServer();
  for (let n = 0; n < 100; n += 1) await midwatch.call("GET", "/api/v1/agents", { key: `mw_guess${n}` });
  const next = await midwatch.call("GET", "/api/v1/agents", { key: "mw_guess" });
  assert.deepEqual([next.status, codeOf(next)], [429, "too_many_tries"]);
  assert.match(next.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal((await midwatch.get("/api/v1/agents")).status, 200);
});
