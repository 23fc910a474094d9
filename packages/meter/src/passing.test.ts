import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { connect } from "node:net";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { once } from "node:events";
import { test } from "node:test";
import { answers } from "./testing/answers.ts";
import { meterInTest, postJson, rawRequest } from "./testing/meter-in-test.ts";
import { always, json, providerInTest, sse } from "./testing/provider-in-test.ts";
import { serverInTest } from "./testing/server-in-test.ts";
import { until } from "./testing/until.ts";

const chat = { model: "gpt-5.6-mini", messages: [{ role: "user", content: "Hello" }] };

const shapes = [
  ["openai/v1/chat/completions", json(answers.chatAnswer())],
  ["openai/v1/responses?include[]=x", json(answers.responsesAnswer)],
  ["anthropic/v1/messages?beta=true", sse(answers.messageStream)],
  ["gemini/v1beta/models/gemini-3.1-pro:streamGenerateContent?alt=sse&key=k%20", sse(answers.geminiStream)],
  ["ollama/api/chat", always(200, { "content-type": "application/x-ndjson" }, answers.ollamaStream.join(""))],
  ["openai/v1/files", always(201, { "content-type": "application/octet-stream" }, randomBytes(70_000))],
] as const;

for (const [path, answer] of shapes) {
  test(`request and answer of ${path} pass byte for byte`, async (t) => {
    const provider = await providerInTest(t, answer);
    const server = await serverInTest(t);
    const meter = await meterInTest(t, { server, upstream: `${provider.url}/base/` });
    const body = ' {"model" : "m", "n": 12345678901234567890, "messages":[{"content":"Gr\\u00fc\u00dfe"}] }\n';
    const headers = {
      "Content-Type": "application/json",
      Authorization: "Bearer sk-x",
      "X-Stainless-Lang": "js",
      "accept-encoding": "gzip, br",
      Connection: "close, X-Mine",
      "X-Mine": "only for the next one",
    };
    const [through, direct] = [
      await rawRequest(`${meter.url}/meter/my%2Fbot/${path}`, { headers, body }),
      await rawRequest(`${provider.url}/base/${path.split("/").slice(1).join("/")}`, { headers, body }),
    ];
    const [seen, plain] = provider.received;
    assert.equal(seen?.url, plain?.url);
    assert.equal(seen?.method, plain?.method);
    assert.deepEqual(seen?.body, plain?.body);
    const withoutConnection = (flat: readonly string[]): string[] =>
      flat
        .map((name, at) => (at % 2 === 0 ? `${name}: ${flat[at + 1] ?? ""}` : ""))
        .filter((line) => line !== "" && !/^(?:connection|keep-alive|transfer-encoding|x-mine|date):/i.test(line))
        .toSorted();
    assert.deepEqual(withoutConnection(seen?.rawHeaders ?? []), withoutConnection(plain?.rawHeaders ?? []));
    assert.deepEqual(withoutConnection(through.rawHeaders), withoutConnection(direct.rawHeaders));
    assert.equal(through.status, direct.status);
    assert.deepEqual(through.body, direct.body);
  });
}

test("the first chunk reaches the client before the provider sends the second", async (t) => {
  let more: (() => void) | null = null;
  const provider = await providerInTest(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(answers.messageStream[0]);
    more = () => response.end(answers.messageStream.slice(1).join(""));
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const answer = await fetch(`${meter.url}/meter/bot/anthropic/v1/messages`, {
    method: "POST",
    body: JSON.stringify({ model: "m", stream: true }),
  });
  const reader = answer.body!.getReader();
  const first = await reader.read();
  assert.equal(Buffer.from(first.value).toString(), answers.messageStream[0]);
  (more as (() => void) | null)?.();
  let rest = "";
  for (let part = await reader.read(); !part.done; part = await reader.read())
    rest += Buffer.from(part.value).toString();
  assert.equal(rest, answers.messageStream.slice(1).join(""));
});

test("a chat stream is asked for its usage, and the client sees what it would have seen without", async (t) => {
  const provider = await providerInTest(t, sse(answers.chatStream));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const text =
    '{ "big": 12345678901234567890,\n "stream" : true, "messages": [], "stream_options": {"include_obfuscation": false} }';
  const answer = await rawRequest(`${meter.url}/meter/bot/openai/v1/chat/completions`, {
    headers: { "content-type": "application/json", "accept-encoding": "gzip" },
    body: text,
  });
  const [sent] = provider.received;
  assert.equal(
    sent?.body.toString(),
    '{ "big": 12345678901234567890,\n "stream" : true, "messages": [], "stream_options":{"include_obfuscation":false,"include_usage":true}}',
  );
  assert.equal(sent.headers["accept-encoding"], "identity");
  assert.equal(answer.body.toString(), answers.chatStream.filter((one) => one !== answers.chatUsageChunk).join(""));
});

test("a client that asks for the usage itself gets it, and its request is not touched", async (t) => {
  const provider = await providerInTest(t, sse(answers.chatStream));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const body = { ...chat, stream: true, stream_options: { include_usage: true } };
  const answer = await postJson(`${meter.url}/meter/bot/openai/v1/chat/completions`, body);
  assert.equal(provider.received[0]?.body.toString(), JSON.stringify(body));
  assert.equal(answer.body.toString(), answers.chatStream.join(""));
});

test("a provider that refuses the question gets the request as the client wrote it, and is not asked again", async (t) => {
  const provider = await providerInTest(t, (received, response) => {
    if (received.body.includes("stream_options")) {
      always(400, { "content-type": "application/json" }, '{"error":{"message":"unknown field"}}')(received, response);
    } else sse(answers.chatStream)(received, response);
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  for (let call = 0; call < 2; call += 1) {
    const answer = await postJson(`${meter.url}/meter/bot/openai/v1/chat/completions`, { ...chat, stream: true });
    assert.equal(answer.status, 200);
    assert.equal(answer.body.toString(), answers.chatStream.join(""));
  }
  assert.equal(provider.received.length, 3, "one try with the question");
});

test("a client that goes away ends the provider's request, and what it cost is counted", async (t) => {
  const { promise: ended, resolve: end } = Promise.withResolvers<undefined>();
  const provider = await providerInTest(t, (_, response) => {
    response.on("close", () => end(undefined));
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(answers.messageStream.slice(0, 3).join(""));
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const stop = new AbortController();
  const answer = await fetch(`${meter.url}/meter/bot/anthropic/v1/messages`, {
    method: "POST",
    body: JSON.stringify({ model: "m", stream: true }),
    signal: stop.signal,
  });
  const reader = answer.body!.getReader();
  let seen = "";
  while (!seen.includes("look, please")) seen += Buffer.from((await reader.read()).value).toString();
  stop.abort();
  await ended;
  const { call } = await until(() => server.calls[0], "the call");
  assert.deepEqual([call.outcome, call.estimated, call.input_tokens], ["aborted", true, 1_110]);
  assert.equal(call.output_tokens, 5, "20 characters passed");
  assert.equal(call.key, answers.messageId);
});

test("an answer that breaks off in the middle breaks off at the client, too", async (t) => {
  const provider = await providerInTest(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(answers.chatStream[0], () => response.destroy());
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  await assert.rejects(postJson(`${meter.url}/meter/bot/openai/v1/chat/completions`, { ...chat, stream: true }));
  const { call } = await until(() => server.calls[0], "the call");
  assert.deepEqual([call.outcome, call.estimated], ["aborted", true]);
});

test("a client that stops reading at [DONE] has had its whole answer", async (t) => {
  const provider = await providerInTest(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(answers.chatStream.join(""));
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const stop = new AbortController();
  const answer = await fetch(`${meter.url}/meter/bot/openai/v1/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ ...chat, stream: true }),
    signal: stop.signal,
  });
  const reader = answer.body!.getReader();
  let seen = "";
  while (!seen.includes("[DONE]")) seen += Buffer.from((await reader.read()).value).toString();
  stop.abort();
  const { call } = await until(() => server.calls[0], "the call");
  assert.deepEqual([call.outcome, call.estimated, call.output_tokens], ["ok", false, 12]);
});

test("a request of 50 MB passes unread, and its answer is counted", async (t) => {
  const provider = await providerInTest(t, json(answers.chatAnswer()));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const body = Buffer.concat([
    Buffer.from('{"model":"gpt","messages":["'),
    Buffer.alloc(50 * 2 ** 20, "x"),
    Buffer.from('"]}'),
  ]);
  const answer = await rawRequest(`${meter.url}/meter/bot/openai/v1/chat/completions`, { body });
  assert.equal(answer.status, 200);
  const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
  assert.equal(digest(provider.received[0]!.body), digest(body));
  const { call } = await until(() => server.calls[0], "the call");
  assert.deepEqual([call.input_tokens, call.prompt_hash], [1_000, null]);
  assert.deepEqual(call.remarks, ["the request was too long to be read"]);
});

test("an answer of 30 MB passes whole, and is counted by a guess", async (t) => {
  const words = Buffer.from(
    JSON.stringify({ ...answers.chatAnswer(), padding: randomBytes(15 * 2 ** 20).toString("hex") }),
  );
  const headers = { "content-type": "application/json" };
  const provider = await providerInTest(t, always(200, headers, words));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const answer = await postJson(`${meter.url}/meter/bot/openai/v1/chat/completions`, chat);
  assert.ok(answer.body.equals(words));
  const { call } = await until(() => server.calls[0], "the call");
  assert.ok(call.estimated);
  assert.match(call.remarks.join("; "), /longer than 8 MiB/);
});

test("a client that reads slowly slows the provider down instead of filling the meter's memory", async (t) => {
  const total = 64 * 2 ** 20;
  let written = 0;
  let response: ServerResponse | null = null;
  const provider = await providerInTest(t, (_, given) => {
    response = given;
    given.writeHead(200, { "content-type": "application/octet-stream", "content-length": String(total) });
    const chunk = Buffer.alloc(64 * 1024);
    const write = (): void => {
      while (written < total) {
        written += chunk.length;
        if (!given.write(chunk)) {
          given.once("drain", write);
          return;
        }
      }
      given.end();
    };
    write();
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const request = httpRequest(`${meter.url}/meter/bot/openai/v1/files/f/content`, { agent: false });
  request.end();
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  answer.pause();
  let before = -1;
  // It comes to rest when every buffer on the way is full.
  await until(() => {
    const rests = written === before && response?.writableNeedDrain === true;
    before = written;
    return rests;
  }, `the provider to be held up`);
  assert.ok(written < total / 2, `${written} bytes were taken from the provider`);
  let bytes = 0;
  answer.on("data", (chunk: Buffer) => (bytes += chunk.length)).resume();
  await once(answer, "end");
  assert.equal(bytes, total);
});

test("trailers of the provider reach the client", async (t) => {
  const provider = await providerInTest(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/plain", trailer: "X-Sum" });
    response.write("words");
    response.addTrailers({ "X-Sum": "42" });
    response.end();
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const answer = await rawRequest(`${meter.url}/meter/bot/openai/v1/files`, { method: "GET" });
  assert.deepEqual(answer.trailers, ["X-Sum", "42"]);
});

test("a provider that closes idle connections costs no call", async (t) => {
  const provider = await providerInTest(t, (received, response) => {
    json(answers.chatAnswer())(received, response);
    // Closed without a word, while the meter still holds it for the next call.
    response.on("finish", () => setImmediate(() => response.socket?.destroy()));
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  for (let call = 0; call < 20; call += 1) {
    const answer = await postJson(`${meter.url}/meter/bot/openai/v1/chat/completions`, chat);
    assert.equal(answer.status, 200);
  }
});

test("a provider that cannot be reached is a 502 in its own words", async (t) => {
  const provider = await providerInTest(t, json({}));
  await provider.close();
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const answer = await postJson(`${meter.url}/meter/bot/anthropic/v1/messages`, { model: "m" });
  assert.equal(answer.status, 502);
  const { type, error } = JSON.parse(answer.body.toString()) as { type: string; error: { message: string } };
  assert.equal(type, "error");
  assert.match(error.message, /cannot reach anthropic at http/);
  const { call } = await until(() => server.calls[0], "the call");
  assert.deepEqual([call.outcome, call.input_tokens, call.estimated], ["failed", 0, false]);
});

test("a WebSocket is refused in words, because what it carries cannot be counted", async (t) => {
  const provider = await providerInTest(t, json({}));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const socket = connect(meter.port, "127.0.0.1");
  socket.write(
    "GET /meter/bot/openai/v1/realtime HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  );
  let said = "";
  for await (const chunk of socket) said += String(chunk);
  assert.match(said, /^HTTP\/1.1 426 /);
  assert.match(said, /cannot see what a WebSocket carries/);
  assert.equal(provider.received.length, 0);
});
