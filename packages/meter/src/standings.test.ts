import assert from "node:assert/strict";
import { test } from "node:test";
import { answers } from "./testing/answers.ts";
import { folderInTest, meterInTest, postJson, rawRequest } from "./testing/meter-in-test.ts";
import { json, providerInTest, type Answer } from "./testing/provider-in-test.ts";
import { serverInTest } from "./testing/server-in-test.ts";
import { until } from "./testing/until.ts";

const chat = { model: "gpt-5.6-mini", messages: [{ role: "user", content: "Hello" }] };
const path = "openai/v1/chat/completions";
const pause = { directive: "pause", reason: "it used 5.02 of 5 USD today", until: "2099-01-01T00:00:00Z" } as const;

/** Each answer under an id of its own, as providers give them. */
function numbered(): Answer {
  let n = 0;
  return (received, response) => json(answers.chatAnswer(`${answers.chatId}${(n += 1)}`))(received, response);
}

const worded = [
  [
    "openai/v1/chat/completions",
    (body: { error: { message: string; type: string } }) => [body.error.message, body.error.type],
    "insufficient_quota",
  ],
  [
    "anthropic/v1/messages",
    (body: { type: string; error: { message: string; type: string } }) => [body.error.message, body.error.type],
    "permission_error",
  ],
  [
    "gemini/v1beta/models/m:generateContent",
    (body: { error: { message: string; status: string } }) => [body.error.message, body.error.status],
    "PERMISSION_DENIED",
  ],
  ["ollama/api/chat", (body: { error: string }) => [body.error, ""], ""],
] as const;

for (const [where, read, type] of worded) {
  test(`a paused agent is refused at ${where} in words of that provider, and nothing is sent there`, async (t) => {
    const provider = await providerInTest(t, json({}));
    const server = await serverInTest(t);
    server.hold("bot", pause);
    const meter = await meterInTest(t, { server, upstream: provider.url });
    // The word is heard by a poll; the other agent's calls say nothing about it.
    const answer = await untilRefused(() => postJson(`${meter.url}/meter/bot/${where}`, chat));
    const before = provider.received.length;
    const again = await postJson(`${meter.url}/meter/bot/${where}`, chat);
    assert.equal(provider.received.length, before);
    assert.equal(again.status, 403, "the official clients try again after 429 and 5xx, not after 403");
    assert.equal(again.headers["x-should-retry"], "false");
    const [message, kind] = (read as (body: unknown) => string[])(JSON.parse(answer.body.toString()));
    assert.equal(kind, type);
    assert.match(
      message ?? "",
      /paused the agent bot: it used 5.02 of 5 USD today.*2099-01-01T00:00:00Z.*midwatch resume bot/,
    );
  });
}

async function untilRefused(ask: () => ReturnType<typeof postJson>): ReturnType<typeof postJson> {
  for (;;) {
    const answer = await ask();
    if (answer.status === 403) return answer;
  }
}

test("what was paused stays paused when the meter starts again and no server is there", async (t) => {
  const provider = await providerInTest(t, json(answers.chatAnswer()));
  const server = await serverInTest(t);
  const folder = await folderInTest(t);
  server.hold("bot", pause);
  const first = await meterInTest(t, { server, upstream: provider.url, folder });
  await untilRefused(() => postJson(`${first.url}/meter/bot/${path}`, chat));
  await first.stop();
  await server.stop();
  const second = await meterInTest(t, { server, upstream: provider.url, folder });
  const before = provider.received.length;
  assert.equal((await postJson(`${second.url}/meter/bot/${path}`, chat)).status, 403);
  assert.equal(provider.received.length, before);
  assert.equal((await postJson(`${second.url}/meter/other/${path}`, chat)).status, 200);
});

test("a hold that ends by itself ends at its time, server or not", async (t) => {
  const provider = await providerInTest(t, json(answers.chatAnswer()));
  const server = await serverInTest(t);
  server.hold("bot", { ...pause, until: "2001-01-01T00:00:00Z" });
  server.hold("held", pause);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  await untilRefused(() => postJson(`${meter.url}/meter/held/${path}`, chat));
  assert.equal((await postJson(`${meter.url}/meter/bot/${path}`, chat)).status, 200);
});

test("a stream under way when the pause comes is let finish, and the next call is refused", async (t) => {
  const finish: (() => void)[] = [];
  const provider = await providerInTest(t, (received, response) => {
    if (!received.url.endsWith("/messages")) return json({})(received, response);
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(answers.messageStream[0]);
    finish.push(() => response.end(answers.messageStream.slice(1).join("")));
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const underWay = postJson(`${meter.url}/meter/bot/anthropic/v1/messages`, { ...chat, stream: true });
  await until(() => finish.length > 0, "the stream to begin");
  server.hold("bot", pause);
  server.hold("probe", pause);
  await untilRefused(() => postJson(`${meter.url}/meter/probe/openai/v1/models`, chat));
  assert.equal((await postJson(`${meter.url}/meter/bot/anthropic/v1/messages`, chat)).status, 403);
  finish[0]?.();
  const answer = await underWay;
  assert.equal(answer.body.toString(), answers.messageStream.join(""));
});

test("a call of an agent with a budget waits until what ended before it is counted, and feels what that led to", async (t) => {
  const provider = await providerInTest(t, numbered());
  const server = await serverInTest(t);
  server.hold("bot", { budgeted: true });
  server.onStored = () => {
    if (server.calls.length === 3) server.hold("bot", { ...pause, budgeted: true });
  };
  const meter = await meterInTest(t, { server, upstream: provider.url });
  // Known before the first call that counts, so that it holds for all of them.
  await postJson(`${meter.url}/meter/warm-up/${path}`, chat);
  await until(() => server.calls.length === 1, "the first delivery");
  const statuses: number[] = [];
  for (let call = 0; call < 5; call += 1)
    statuses.push((await postJson(`${meter.url}/meter/bot/${path}`, chat)).status);
  assert.deepEqual(statuses, [200, 200, 403, 403, 403]);
  assert.equal(provider.received.length, 3);
});

test("agents who call at the same time overshoot a budget by no more than the calls under way", async (t) => {
  const provider = await providerInTest(t, numbered());
  const server = await serverInTest(t);
  server.hold("bot", { budgeted: true });
  server.onStored = () => {
    if (server.calls.length > 10) server.hold("bot", { ...pause, budgeted: true });
  };
  const meter = await meterInTest(t, { server, upstream: provider.url });
  await postJson(`${meter.url}/meter/warm-up/${path}`, chat);
  await until(() => server.calls.length === 1, "the first delivery");
  const loops = 8;
  const loop = async (): Promise<void> => {
    while ((await postJson(`${meter.url}/meter/bot/${path}`, chat)).status === 200);
  };
  await Promise.all(Array.from({ length: loops }, loop));
  // One for the warm-up, ten of the budget, and what the loops had under way when the tenth was counted.
  assert.ok(provider.received.length <= 11 + loops, `${provider.received.length} calls`);
});

test("a server that does not answer is waited for once, and then counts as away", async (t) => {
  const provider = await providerInTest(t, numbered());
  const server = await serverInTest(t);
  server.hold("bot", { budgeted: true });
  const meter = await meterInTest(t, { server, upstream: provider.url });
  await postJson(`${meter.url}/meter/warm-up/${path}`, chat);
  await until(() => server.calls.length === 1, "the first delivery");
  const { promise, resolve } = Promise.withResolvers<undefined>();
  server.gate = promise;
  const began = performance.now();
  for (let call = 0; call < 4; call += 1) {
    assert.equal((await postJson(`${meter.url}/meter/bot/${path}`, chat)).status, 200);
  }
  assert.ok(performance.now() - began >= 1_900, "the second call has waited");
  assert.equal(provider.received.length, 5);
  server.gate = null;
  resolve(undefined);
  await until(() => server.calls.length === 5, "everything to be counted");
});

test("beyond the bound of calls under way, a client is told to come back", async (t) => {
  const provider = await providerInTest(t, () => undefined);
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url, maxCalls: 1 });
  const held = postJson(`${meter.url}/meter/bot/${path}`, chat).catch(() => "broken off");
  await until(() => provider.received.length === 1, "the first call");
  const answer = await postJson(`${meter.url}/meter/bot/${path}`, chat);
  assert.equal(answer.status, 503);
  assert.equal(answer.headers["retry-after"], "1");
  assert.match(answer.body.toString(), /passes 1 calls at a time/);
  await provider.close();
  await held;
});

test("a stopping meter lets streams finish and tells the server of them", async (t) => {
  let finish: (() => void) | null = null;
  const provider = await providerInTest(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(answers.messageStream[0]);
    finish = () => response.end(answers.messageStream.slice(1).join(""));
  });
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  const streaming = postJson(`${meter.url}/meter/bot/anthropic/v1/messages`, { ...chat, stream: true });
  await until(() => finish, "the stream to begin");
  const stopped = meter.stop();
  (finish as (() => void) | null)?.();
  assert.equal((await streaming).body.toString(), answers.messageStream.join(""));
  await stopped;
  assert.equal(server.calls[0]?.call.output_tokens, 20);
});

test("on another address than the loopback a key is required in the path, and the server is asked about it", async (t) => {
  const provider = await providerInTest(t, json(answers.chatAnswer()));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url, listen: { host: "0.0.0.0", port: 0 } });
  const wrong = "mw_wrongwrongwrongwrongwrongwrong00";
  const without = await postJson(`${meter.url}/meter/bot/${path}`, chat);
  assert.equal(without.status, 403);
  assert.match(without.body.toString(), /a key is required in the path/);
  assert.equal((await postJson(`${meter.url}/meter/${wrong}/bot/${path}`, chat)).status, 403);
  assert.equal((await postJson(`${meter.url}/meter/${server.key}/bot/${path}`, chat)).status, 200);
  await server.stop();
  assert.equal((await postJson(`${meter.url}/meter/${server.key}/bot/${path}`, chat)).status, 200, "seen before");
  assert.equal((await postJson(`${meter.url}/meter/${server.key}/bot2/${path}`, chat)).status, 503);
  assert.equal(provider.received.length, 2);
});

for (const [claim, url, headers, status, said] of [
  ["a foreign name in the Host header", `/meter/bot/${path}`, { host: "evil.example" }, 403, /only on the loopback/],
  ["an unknown provider", "/meter/bot/opnai/v1/x", {}, 404, /no provider \\"opnai\\".*openai, anthropic, gemini/],
  ["a name that is no agent's", "/meter/b%20t/openai/v1/x", {}, 404, /is no agent name/],
  ["a path that leads nowhere", "/v1/chat/completions", {}, 404, /OPENAI_BASE_URL=/],
] as const) {
  test(`${claim} is refused in words`, async (t) => {
    const provider = await providerInTest(t, json({}));
    const server = await serverInTest(t);
    const meter = await meterInTest(t, { server, upstream: provider.url });
    const answer = await rawRequest(`${meter.url}${url}`, { method: "GET", headers });
    assert.equal(answer.status, status);
    assert.match(answer.body.toString(), said);
    assert.equal(provider.received.length, 0);
  });
}

test("on the loopback a key in the path is taken and not needed", async (t) => {
  const provider = await providerInTest(t, json(answers.chatAnswer()));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  assert.equal((await postJson(`${meter.url}/meter/${server.key}/bot/${path}`, chat)).status, 200);
  assert.equal(provider.received[0]?.url, "/v1/chat/completions");
  await until(() => server.calls[0]?.agent === "bot", "the call");
});

test("its health can be asked for", async (t) => {
  const provider = await providerInTest(t, json({}));
  const server = await serverInTest(t);
  const meter = await meterInTest(t, { server, upstream: provider.url });
  assert.deepEqual(await (await fetch(`${meter.url}/healthz`)).json(), { ok: true, calls: 0 });
});
