import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test } from "node:test";
import type { AgentView, ErrorBody } from "@midwatch/protocol";
import { rawRequest } from "./testing/raw-request.ts";
import { codeOf, replyOf, startTestServer, type Reply, type TestServer } from "./testing/test-server.ts";

let midwatch: TestServer;
before(async () => {
  midwatch = await startTestServer();
});
after(() => midwatch[Symbol.asyncDispose]());

async function send(body: string | Buffer, headers: Record<string, string> = {}): Promise<Reply> {
  const response = await fetch(`${midwatch.url}/api/v1/heartbeat`, {
    method: "POST",
    headers: { authorization: `Bearer ${midwatch.keys.ingest}`, ...headers },
    body: typeof body === "string" ? body : new Uint8Array(body),
  });
  return replyOf(response);
}

const refusals: readonly (readonly [name: string, body: string | Buffer, status: number, code: string])[] = [
  ["half a JSON object", '{"agent":"a', 400, "invalid_json"],
  ["no body", "", 400, "invalid_json"],
  ["words that are no JSON", "hello", 400, "invalid_json"],
  ["NaN", '{"agent":"a","tokens_used":NaN}', 400, "invalid_json"],
  ["Infinity", '{"agent":"a","tokens_used":Infinity}', 400, "invalid_json"],
  ["a number too large for any count", '{"agent":"a","tokens_used":1e999}', 400, "number_too_large"],
  ["bytes that are not UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]), 400, "invalid_utf8"],
  ["a key that comes twice", '{"agent":"a","tokens_used":1,"tokens_used":2}', 400, "duplicate_key"],
  ["objects nested a thousand deep", `{"agent":"a","x":${"[".repeat(1_000)}${"]".repeat(1_000)}}`, 400, "too_deep"],
  ["a list", "[]", 422, "invalid_field"],
  ["null", "null", 422, "invalid_field"],
  ["no agent", "{}", 422, "invalid_field"],
  ["a name that is a number", '{"agent":7}', 422, "invalid_field"],
  ["an empty name", '{"agent":""}', 422, "invalid_field"],
  ["a name of 129 characters", `{"agent":"${"n".repeat(129)}"}`, 422, "invalid_field"],
  ["a name with a space", '{"agent":"my agent"}', 422, "invalid_field"],
  ["tokens in a string", '{"agent":"a","tokens_used":"3"}', 422, "invalid_field"],
  ["negative tokens", '{"agent":"a","tokens_used":-1}', 422, "invalid_field"],
  ["half a token", '{"agent":"a","tokens_used":0.5}', 422, "invalid_field"],
  ["1e308 tokens", '{"agent":"a","tokens_used":1e308}', 422, "invalid_field"],
  ["a time in milliseconds", '{"agent":"a","ts":1774690000000}', 422, "invalid_field"],
  ["a status nobody knows", '{"agent":"a","status":"fine"}', 422, "invalid_field"],
];

for (const [name, body, status, code] of refusals) {
  test(`a beat with ${name} is refused with ${status} ${code}`, async () => {
    const reply = await send(body);
    assert.equal(reply.status, status);
    assert.equal(codeOf(reply), code);
    assert.doesNotMatch(JSON.stringify(reply.body), /at \w+ \(|SQL|node:/, "no stack reaches a client");
  });
}

test("every wrong field of a beat is named", async () => {
  const reply = await send('{"agent":"a","tokens_used":-1,"status":7,"lease_s":"long"}');
  const { details } = (reply.body as ErrorBody).error;
  assert.deepEqual(details?.map(({ path }) => path).toSorted(), ["lease_s", "status", "tokens_used"]);
});

test("unknown fields of a beat are ignored, and its content type does not matter", async () => {
  const reply = await send('{"agent":"odd","mood":"good","nested":{"a":[1]}}', { "content-type": "text/plain" });
  assert.equal(reply.status, 200);
});

test("a body over 64 KiB is answered 413, and the connection can be used again", async () => {
  const { port } = midwatch.server;
  const big = "x".repeat(100_000);
  const head = `POST /api/v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${midwatch.keys.ingest}\r\n`;
  const good = '{"agent":"after-big"}';
  const answer = await rawRequest(port, [
    `${head}Content-Length: ${big.length}\r\n\r\n${big}`,
    `${head}Connection: close\r\nContent-Length: ${good.length}\r\n\r\n${good}`,
  ]);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /too_large/);
  assert.match(answer, /HTTP\/1\.1 200 OK[\s\S]*after-big/);
});

test("a chunked body over the limit is answered 413 without its length being declared", async () => {
  const chunk = `4000\r\n${"y".repeat(0x4000)}\r\n`;
  const answer = await rawRequest(
    midwatch.server.port,
    [
      `POST /api/v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${midwatch.keys.ingest}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      ...Array<string>(8).fill(chunk),
      "0\r\n\r\n",
    ],
    (text) => text.includes("too_large"),
  );
  assert.match(answer, /^HTTP\/1\.1 413 /);
});

test("a body that comes in crumbs is a beat like any other", async () => {
  const body = '{"agent":"slow-line","tokens_used":4}';
  const crumbs = Array.from(body, (letter) => `1\r\n${letter}\r\n`);
  const answer = await rawRequest(midwatch.server.port, [
    `POST /api/v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${midwatch.keys.ingest}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`,
    ...crumbs,
    "0\r\n\r\n",
  ]);
  assert.match(answer, /^HTTP\/1\.1 200 OK[\s\S]*slow-line/);
});

test("a connection that breaks in the middle of a beat leaves nothing behind", async () => {
  const socket = connect(midwatch.server.port, "127.0.0.1");
  await once(socket, "connect");
  const head = `POST /api/v1/heartbeat HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${midwatch.keys.ingest}\r\n`;
  await new Promise((sent) => socket.write(`${head}Content-Length: 500\r\n\r\n{"agent":"torn"`, sent));
  socket.destroy();
  await once(socket, "close");
  assert.equal((await midwatch.beat({ agent: "whole" })).status, 200);
  assert.equal((await midwatch.get("/api/v1/agents/torn")).status, 404);
});

test("bytes that are no HTTP are answered 400", async () => {
  const answer = await rawRequest(midwatch.server.port, ["\x16\x03\x01 what is this\r\n\r\n"]);
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert.equal((await midwatch.beat({ agent: "still-here" })).status, 200);
});

test("no key and a wrong one are 401, a key without the right is 403", async () => {
  const none = await midwatch.call("POST", "/api/v1/heartbeat", { body: { agent: "a" }, key: null });
  assert.deepEqual([none.status, codeOf(none)], [401, "key_required"]);
  assert.equal(none.headers.get("www-authenticate"), "Bearer");
  const wrong = await midwatch.call("POST", "/api/v1/heartbeat", { body: { agent: "a" }, key: "mw_wrong" });
  assert.deepEqual([wrong.status, codeOf(wrong)], [401, "wrong_key"]);
  const reader = await midwatch.call("POST", "/api/v1/heartbeat", { body: { agent: "a" }, key: midwatch.keys.read });
  assert.deepEqual([reader.status, codeOf(reader)], [403, "wrong_scope"]);
  const beater = await midwatch.call("GET", "/api/v1/agents", { key: midwatch.keys.ingest });
  assert.deepEqual([beater.status, codeOf(beater)], [403, "wrong_scope"]);
  const actor = await midwatch.call("POST", "/api/v1/agents/a/pause", { key: midwatch.keys.read });
  assert.match(JSON.stringify(actor.body), /this key may read; this request needs a key with scope admin"/);
  const noMatterWhat = await midwatch.call("GET", "/api/v1/agents/does-not-exist?beats=no", { key: null });
  assert.equal(noMatterWhat.status, 401, "who may not ask is told nothing else");
});

test("X-API-Key is as good as a bearer", async () => {
  const reply = await replyOf(
    await fetch(`${midwatch.url}/api/v1/heartbeat`, {
      method: "POST",
      headers: { "x-api-key": midwatch.keys.ingest },
      body: '{"agent":"keyed"}',
    }),
  );
  assert.equal(reply.status, 200);
});

test("wrong queries, cursors and settings are 422 and name the field", async () => {
  await midwatch.beat({ agent: "asked" });
  const cases: readonly (readonly [string, string, unknown?])[] = [
    ["limit", "/api/v1/agents?limit=ten"],
    ["limit", "/api/v1/agents?limit=-1"],
    ["limt", "/api/v1/agents?limt=10"],
    ["cursor", "/api/v1/agents?cursor=nonsense"],
    ["cursor", "/api/v1/incidents?cursor=W10"],
    ["open", "/api/v1/incidents?open=maybe"],
    ["from", "/api/v1/agents/asked/cycles?from=yesterday"],
    ["date", "/api/v1/reports/daily?date=2026-13-45"],
    ["tz", "/api/v1/reports/daily?tz=Mars/Olympus"],
    ["format", "/api/v1/reports/daily?format=pdf"],
  ];
  for (const [field, path] of cases) {
    const reply = await midwatch.get(path);
    assert.equal(reply.status, 422, path);
    const { details } = (reply.body as ErrorBody).error;
    assert.equal(details?.[0]?.path, field, path);
  }
  const patch = await midwatch.call("PATCH", "/api/v1/agents/asked", { body: { interval_s: -5, colour: "red" } });
  assert.equal(patch.status, 422);
  assert.deepEqual((patch.body as ErrorBody).error.details?.map(({ path }) => path).toSorted(), [
    "colour",
    "interval_s",
  ]);
});

test("what does not exist is 404 in JSON, whatever the method", async () => {
  for (const [method, path] of [
    ["GET", "/api/v1/nothing"],
    ["DELETE", "/api/v1/nothing"],
    ["GET", "/api/v1/agents/nobody"],
    ["GET", "/api/v1/agents/nobody/cycles"],
    ["POST", "/api/v1/agents/nobody/pause"],
    ["GET", "/api/v1/incidents/123456"],
    ["GET", "/api/v1/incidents/abc"],
    ["POST", "/api/v1/incidents/abc/ack"],
    ["GET", "/api/v1/evidence/1"],
    ["GET", "/../../etc/passwd"],
  ] as const) {
    const reply = await midwatch.call(method, path);
    assert.equal(reply.status, 404, `${method} ${path}`);
    assert.equal(typeof codeOf(reply), "string");
  }
  const bad = await midwatch.get("/api/v1/agents/%E0%A4%A");
  assert.equal(bad.status, 400);
  assert.equal(codeOf(bad), "bad_request");
});

test("a path that takes other methods says which, and one that only looks like it does not", async () => {
  for (const [method, path, allow] of [
    ["DELETE", "/api/v1/heartbeat", "POST"],
    ["PUT", "/api/v1/agents/x", "DELETE, GET, HEAD, PATCH"],
    ["GET", "/api/v1/agents/x/restart", "POST"],
    ["POST", "/api/v1/incidents", "GET, HEAD"],
  ] as const) {
    const reply = await midwatch.call(method, path);
    assert.deepEqual([reply.status, codeOf(reply)], [405, "wrong_method"], `${method} ${path}`);
    assert.equal(reply.headers.get("allow"), allow, `${method} ${path}`);
  }
  assert.equal((await midwatch.call("GET", "/api/v1/agents/x/y/restart")).status, 404);
});

test("what a pattern refuses is said in words", async () => {
  const page = await midwatch.get<ErrorBody>("/api/v1/incidents?limit=many");
  assert.equal(page.body.error.message, "limit has not the form that it needs (1–1000; 100 unless given)");
  const ack = await midwatch.post<ErrorBody>("/api/v1/incidents/abc/ack");
  assert.match(ack.body.error.message, /there is no incident abc; incidents have numbers/);
});

test("a body of the API is read as strictly as a beat", async () => {
  const twice = await midwatch.post("/api/v1/keys", '{"scope":"read","scope":"admin"}');
  assert.deepEqual([twice.status, codeOf(twice)], [400, "duplicate_key"]);
  const large = await midwatch.post("/api/v1/keys", { scope: "read", label: "x".repeat(70_000) });
  assert.deepEqual([large.status, codeOf(large)], [413, "too_large"]);
  const torn = await midwatch.post("/api/v1/keys", "{");
  assert.deepEqual([torn.status, codeOf(torn)], [400, "invalid_json"]);
});

test("names of any script and with slashes are found again", async () => {
  for (const agent of ["дежурный-1", "team/a:b@c", "n".repeat(128)]) {
    assert.equal((await midwatch.beat({ agent })).status, 200);
    const { body } = await midwatch.get<AgentView>(`/api/v1/agents/${encodeURIComponent(agent)}`);
    assert.equal(body.name, agent);
  }
});

test("a foreign Host is refused on the loopback, by beats as well", async () => {
  const { port } = midwatch.server;
  for (const head of ["GET /api/v1/agents", "POST /api/v1/heartbeat"]) {
    const answer = await rawRequest(port, [
      `${head} HTTP/1.1\r\nHost: evil.example:${port}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    ]);
    assert.match(answer, /^HTTP\/1\.1 403 [\s\S]*wrong_host/);
  }
});
