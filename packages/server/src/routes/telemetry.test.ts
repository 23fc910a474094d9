import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { StoreError, type Store } from "@midwatch/store";
import { bytesOf, logsJson, tracesJson, tracesProtobuf } from "../../../protocol/src/testing/otlp-messages.ts";
import { createKey } from "../keys/key.ts";
import { createRecordingMeter, type RecordingMeter } from "../testing/recording-meter.ts";
import { startTestServer, type TestServer } from "../testing/test-server.ts";

interface Scene extends AsyncDisposable {
  readonly server: TestServer;
  readonly meter: RecordingMeter;
  send(path: string, body: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Buffer;
  /** As text: of a protobuf answer the words in it can still be read. */
  readonly text: string;
}

async function openScene(strict = false): Promise<Scene> {
  let store: Store | null = null;
  const meter = createRecordingMeter(() => store!);
  const server = await startTestServer({ usageMeter: meter, strict });
  store = server.store;
  return {
    server,
    meter,
    send: async (path, body, headers = {}) => {
      const response = await fetch(server.url + path, {
        method: "POST",
        headers: { authorization: `Bearer ${server.keys.ingest}`, "content-type": "application/json", ...headers },
        body: Buffer.from(body),
      });
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes, text: bytes.toString() };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const usage = { "gen_ai.operation.name": "chat", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1 };
const named = { "midwatch.agent": "bot" };
const oneCall = tracesJson([{ span: "a", attributes: usage }], named);
const protobufType = { "content-type": "application/x-protobuf" };

test("a request is answered in its own encoding with an empty answer, packed or not", async () => {
  await using scene = await openScene();
  const json = await scene.send("/v1/traces", bytesOf(oneCall));
  assert.deepEqual([json.status, json.text], [200, "{}"]);
  assert.match(json.headers.get("content-type") ?? "", /^application\/json/);
  const bytes = tracesProtobuf(oneCall);
  for (const [body, encoding] of [
    [bytes, "identity"],
    [gzipSync(bytes), "gzip"],
    [deflateSync(bytes), "deflate"],
  ] as const) {
    const answer = await scene.send("/v1/traces", body, { ...protobufType, "content-encoding": encoding });
    assert.deepEqual([answer.status, answer.bytes.length], [200, 0], encoding);
    assert.equal(answer.headers.get("content-type"), "application/x-protobuf");
  }
  assert.equal(scene.meter.tokens, 11, "the same call four times");
});

test("a body that would be huge when unpacked is refused with 413, and one that is huge already, too", async () => {
  await using scene = await openScene();
  // Gzip may be put together from pieces: 200 MiB in 200 KiB.
  const piece = gzipSync(Buffer.alloc(1024 * 1024));
  const bomb = Buffer.concat(Array.from({ length: 200 }, () => piece));
  const refused = await scene.send("/v1/traces", bomb, { ...protobufType, "content-encoding": "gzip" });
  assert.equal(refused.status, 413);
  assert.match(refused.text, /larger than 16 MiB when it is unpacked/);
  const large = await scene.send("/v1/traces", Buffer.alloc(8 * 1024 * 1024 + 1), protobufType);
  assert.deepEqual([large.status, /larger than 8 MiB/.test(large.text)], [413, true]);
});

test("what cannot be read is refused for good, in words and as a Status", async () => {
  await using scene = await openScene();
  const broken = await scene.send("/v1/traces", Buffer.from("{"));
  assert.equal(broken.status, 400);
  assert.deepEqual(Object.keys(JSON.parse(broken.text) as object), ["code", "message"]);
  const bytes = await scene.send("/v1/traces", tracesProtobuf(oneCall).subarray(0, 50), protobufType);
  assert.equal(bytes.status, 400);
  assert.deepEqual([...bytes.bytes.subarray(0, 3)], [0x08, 3, 0x12], "code 3, then the message");
  const cut = await scene.send("/v1/traces", gzipSync(bytesOf(oneCall)).subarray(0, 40), {
    "content-encoding": "gzip",
  });
  assert.deepEqual([cut.status, /no gzip data/.test(cut.text)], [400, true]);
  const brotli = await scene.send("/v1/traces", bytesOf(oneCall), { "content-encoding": "br" });
  assert.deepEqual([brotli.status, /use gzip, deflate or none/.test(brotli.text)], [415, true]);
  const text = await scene.send("/v1/traces", bytesOf(oneCall), { "content-type": "text/plain" });
  assert.deepEqual([text.status, /send application\/x-protobuf/.test(text.text)], [415, true]);
});

test("whoever speaks gRPC is told to use HTTP, with the address", async () => {
  await using scene = await openScene();
  const refused = await scene.send("/v1/traces", bytesOf(oneCall), { "content-type": "application/grpc" });
  assert.equal(refused.status, 415);
  assert.match(refused.text, /use OTLP over HTTP.*\/v1\/traces/);
  const preface = await new Promise<string>((resolve, reject) => {
    let heard = "";
    const socket = connect(scene.server.server.port, "127.0.0.1", () =>
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    );
    socket.on("data", (chunk) => (heard += chunk.toString()));
    socket.on("close", () => resolve(heard));
    socket.on("error", reject);
  });
  assert.match(preface, /^HTTP\/1\.1 400 .*use OTLP over HTTP.*\/v1\/traces/s);
});

test("a key is needed, with the right to send; a space in it may be written as %20", async () => {
  await using scene = await openScene();
  const send = (authorization: string) => scene.send("/v1/traces", bytesOf(oneCall), { authorization });
  assert.equal((await send("none")).status, 401);
  assert.equal((await send(`Bearer ${scene.server.keys.read}`)).status, 403);
  assert.equal((await send(`Bearer%20${scene.server.keys.ingest}`)).status, 200);
  const byKey = await scene.send("/v1/traces", bytesOf(oneCall), {
    authorization: "",
    "x-api-key": scene.server.keys.ingest,
  });
  assert.equal(byKey.status, 200);
});

test("the agent is the path's, else the resource's, else the key's, else a service's that has a name", async () => {
  await using scene = await openScene();
  const { server } = scene;
  const bound = await createKey(server.store, { scope: "ingest", agentGlob: "bound", label: "b", at: 0 });
  await server.watch.check.keys.reread();
  const call = (resource: Readonly<Record<string, string>>, n: number) =>
    bytesOf(tracesJson([{ span: `s${n}`, attributes: usage }], resource));
  await scene.send("/otlp/by%2Fpath/v1/traces", call(named, 1));
  await scene.send("/v1/traces", call({ ...named, "service.name": "other" }, 2));
  await scene.send("/v1/traces", call({ "agent.id": "by-id" }, 3));
  await scene.send("/v1/traces", call({ "service.name": "research" }, 4));
  await scene.send("/v1/traces", call({ "service.name": "claude-code" }, 5), { authorization: `Bearer ${bound.key}` });
  assert.deepEqual([...scene.meter.calls.keys()], ["by/path", "bot", "by-id", "research", "bound"]);
});

test("records whose agent is not known are refused with what to set; the others of the request are taken", async () => {
  await using scene = await openScene();
  const nameless = tracesJson([{ span: "x", attributes: usage }, { span: "y" }], { "service.name": "claude-code" });
  const both = { resourceSpans: [...nameless.resourceSpans, ...oneCall.resourceSpans] };
  const { status, text } = await scene.send("/v1/traces", bytesOf(both));
  assert.equal(status, 200);
  const { partialSuccess } = JSON.parse(text) as { partialSuccess: Record<string, string> };
  assert.equal(partialSuccess["rejectedSpans"], "2");
  assert.match(
    partialSuccess["errorMessage"] ?? "",
    /service.name is "claude-code".*OTEL_RESOURCE_ATTRIBUTES=midwatch.agent=NAME/,
  );
  assert.equal(scene.meter.tokens, 11);
  const bytes = await scene.send("/v1/traces", tracesProtobuf(nameless), protobufType);
  assert.deepEqual([...bytes.bytes.subarray(0, 1), ...bytes.bytes.subarray(3, 5)], [0x0a, 0x08, 2]);
});

test("a key for some agents speaks for no other, and a strict server knows nobody it was not told of", async () => {
  await using scene = await openScene();
  const { key } = await createKey(scene.server.store, { scope: "ingest", agentGlob: "team-*", label: "t", at: 0 });
  await scene.server.watch.check.keys.reread();
  const foreign = await scene.send("/v1/traces", bytesOf(oneCall), { authorization: `Bearer ${key}` });
  assert.match(foreign.text, /this key speaks only for team-\*, not for bot/);
  await using strict = await openScene(true);
  const unknown = await strict.send("/v1/logs", bytesOf(logsJson([{ attributes: {} }], named)));
  assert.match(unknown.text, /rejectedLogRecords":"1".*no agent is called bot, and this server is strict/);
  assert.equal(scene.meter.tokens + strict.meter.tokens, 0);
});

test("what could not be stored is to be sent again", async () => {
  await using scene = await openScene();
  scene.meter.failWith(new StoreError("full", "no room"));
  const refused = await scene.send("/v1/traces", bytesOf(oneCall));
  assert.equal(refused.status, 503);
  assert.ok(Number(refused.headers.get("retry-after")) > 0);
  scene.meter.failWith(null);
  assert.equal((await scene.send("/v1/traces", bytesOf(oneCall))).status, 200);
  assert.equal(scene.meter.tokens, 11);
});
