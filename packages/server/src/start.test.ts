import assert from "node:assert/strict";
import { createServer } from "node:net";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { defaultSettings } from "@midwatch/core";
import { openSqliteStore } from "@midwatch/store";
import { ConfigError, startServer, type ServerOptions } from "./index.ts";
import { createKey } from "./keys/key.ts";
import { codeOf, startTestServer } from "./testing/test-server.ts";

async function refusal(options: Partial<ServerOptions>): Promise<ConfigError> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-start-"));
  const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
  try {
    const nothing = (): void => undefined;
    const server = await startServer({
      listen: { host: "127.0.0.1", port: 0 },
      store,
      timeZone: "UTC",
      strict: false,
      defaults: defaultSettings,
      channels: {},
      alertsTo: [],
      report: null,
      version: "0",
      dashboardDir: null,
      log: { info: nothing, warn: nothing, error: nothing },
      ...options,
    });
    await server.stop();
    return assert.fail("the server started");
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

test("a busy port is named, with what to do", async () => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  const error = await refusal({ listen: { host: "127.0.0.1", port } });
  other.close();
  assert.equal(error.code, "port_in_use");
  assert.ok(error.message.includes(`${port}`) && error.message.includes("--listen"), error.message);
});

test("a server that others can reach is refused without a key, and says how to make one", async () => {
  const error = await refusal({ listen: { host: "0.0.0.0", port: 0 } });
  assert.equal(error.code, "no_keys");
  assert.match(error.message, /midwatch key create --scope ingest/);
});

test("an address that is not this machine's is named", async () => {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-start-"));
  const store = await openSqliteStore({ file: join(folder, "midwatch.db") });
  await createKey(store, { scope: "admin", agentGlob: null, label: "", at: 0 });
  const error = await refusal({ listen: { host: "192.0.2.1", port: 0 }, store });
  await store.close();
  await rm(folder, { recursive: true });
  assert.equal(error.code, "bad_address");
});

test("every mistake in the channels is named at once", async () => {
  const error = await refusal({
    channels: { me: { type: "webhook", url: "nowhere", colour: "red" }, pigeon: { type: "pigeon" } },
    alertsTo: ["you"],
    report: { at: "08:00", to: ["them"] },
  });
  assert.equal(error.code, "bad_channels");
  for (const path of ["channels.me.url", "channels.me.colour", "channels.pigeon.type", "alerts.to", "report.to"]) {
    assert.ok(error.message.includes(path), `${path} in ${error.message}`);
  }
});

test("a time zone and a report time that do not exist are refused", async () => {
  assert.equal((await refusal({ timeZone: "Europe/Atlantis" })).code, "bad_timezone");
  const error = await refusal({ report: { at: "25:00", to: [] } });
  assert.match(error.message, /25:00/);
});

test("probes answer without a key, metrics only with one that may read", async () => {
  await using midwatch = await startTestServer();
  assert.equal((await midwatch.call("GET", "/healthz", { key: null })).status, 200);
  assert.equal((await midwatch.call("GET", "/readyz", { key: null })).status, 200);
  assert.equal((await midwatch.call("GET", "/metrics", { key: null })).status, 401);
  await midwatch.beat({ agent: "a" });
  await midwatch.beat({ agent: "a b" });
  const { body, headers } = await midwatch.call<string>("GET", "/metrics", { key: midwatch.keys.read });
  assert.match(headers.get("content-type") ?? "", /^text\/plain/);
  assert.match(body, /^midwatch_beats_total 1$/m);
  assert.match(body, /^midwatch_beats_refused_total\{code="invalid_field"\} 1$/m);
});

test("who asks without end is told to slow down, while beats and probes are still answered", async () => {
  await using midwatch = await startTestServer();
  let refused = await midwatch.get("/api/v1/session");
  for (let asked = 0; refused.status === 200 && asked < 200; asked += 1) {
    const round = await Promise.all(Array.from({ length: 50 }, () => midwatch.get("/api/v1/session")));
    refused = round.find(({ status }) => status !== 200) ?? refused;
  }
  assert.deepEqual([refused.status, codeOf(refused)], [429, "too_many_requests"]);
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal((await midwatch.beat({ agent: "a" })).status, 200);
  assert.equal((await midwatch.get("/readyz")).status, 200);
});

test("the API describes itself as OpenAPI 3.1, every route with a summary", async () => {
  await using midwatch = await startTestServer();
  type Paths = Record<string, Record<string, { summary?: string }>>;
  const { body } = await midwatch.call<{ openapi: string; paths: Paths }>("GET", "/api/openapi.json", { key: null });
  assert.match(body.openapi, /^3\.1\./);
  const named = Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary }]) => ({ path, method, summary })),
  );
  assert.ok(named.length > 25);
  assert.deepEqual(
    named.filter(({ summary }) => summary === undefined),
    [],
  );
});
