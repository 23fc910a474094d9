import assert from "node:assert/strict";
import type { LookupFunction } from "node:net";
import test from "node:test";
import type { SendOutcome } from "../channel.ts";
import { never, openChannel, silent } from "../../testing/channel-examples.ts";
import { startReceiver } from "../../testing/loopback-receiver.ts";

type Failed = Extract<SendOutcome, { sent: false }>;

function failed(outcome: SendOutcome): Failed {
  assert.equal(outcome.sent, false);
  return outcome;
}

const statuses: readonly (readonly [number, boolean])[] = [
  [500, true],
  [503, true],
  [408, true],
  [429, true],
  [400, false],
  [401, false],
  [404, false],
  [410, false],
];

for (const [status, retry] of statuses) {
  test(`an answer of ${status} is ${retry ? "tried again" : "final"}, and is quoted for people`, async () => {
    await using hook = await startReceiver((response) => response.writeHead(status).end("no \u001b[31mthanks\n"));
    const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true });
    const outcome = failed(await channel.send(silent, never));
    assert.equal(outcome.retry, retry);
    assert.equal(outcome.error, `127.0.0.1:${hook.port} answered ${status}: no thanks`);
  });
}

test("an answer that repeats the address is quoted without the key in it", async () => {
  await using hook = await startReceiver((response, { path }) => response.writeHead(404).end(`Cannot POST ${path}`));
  const url = `http://127.0.0.1:${hook.port}/services/T0123456789AB/secret-of-the-hook?token=also-a-secret`;
  const channel = openChannel({ type: "webhook", url, allow_private: true });
  assert.equal(
    failed(await channel.send(silent, never)).error,
    `127.0.0.1:${hook.port} answered 404: Cannot POST /services/…/…?token=…`,
  );
});

test("Retry-After of a busy receiver is passed on", async () => {
  await using hook = await startReceiver((response) => response.writeHead(429, { "retry-after": "7" }).end());
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true });
  assert.equal(failed(await channel.send(silent, never)).retryAfterMs, 7_000);
});

test("a redirect is not followed, wherever it leads", async () => {
  await using inside = await startReceiver();
  await using hook = await startReceiver((response) => response.writeHead(307, { location: inside.url }).end());
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true });
  const outcome = failed(await channel.send(silent, never));
  assert.equal(outcome.retry, false);
  assert.match(outcome.error, /a redirect, which is not followed; write the final URL/);
  assert.equal(inside.received.length, 0);
});

test("a name that resolves to a private address is not connected to, and the way out is named", async () => {
  await using inside = await startReceiver();
  const toLoopback: LookupFunction = (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
  const channel = openChannel(
    { type: "webhook", url: `http://hook.example.org:${inside.port}/` },
    { lookup: toLoopback },
  );
  const outcome = failed(await channel.send(silent, never));
  assert.equal(outcome.retry, false);
  assert.match(outcome.error, /hook\.example\.org:\d+ leads to this machine or a private network.*allow_private: true/);
  assert.equal(inside.received.length, 0);
});

test("a name that turns private between two messages (DNS rebinding) is refused from then on", async () => {
  await using inside = await startReceiver();
  let asked = 0;
  const rebinding: LookupFunction = (_name, _options, done) => {
    asked += 1;
    if (asked === 1) done(Object.assign(new Error("no such name"), { code: "ENOTFOUND" }), []);
    else done(null, [{ address: "127.0.0.1", family: 4 }]);
  };
  const channel = openChannel(
    { type: "webhook", url: `http://hook.example.org:${inside.port}/` },
    { lookup: rebinding },
  );
  assert.equal(failed(await channel.send(silent, never)).retry, true);
  assert.equal(failed(await channel.send(silent, never)).retry, false);
  assert.equal(inside.received.length, 0);
});

test("a receiver that never answers is given up after the time limit", async () => {
  await using hook = await startReceiver(() => undefined);
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true }, { timeoutMs: 50 });
  const outcome = failed(await channel.send(silent, never));
  assert.equal(outcome.retry, true);
  assert.match(outcome.error, /did not answer within 0.05 s/);
});

test("a receiver that starts an answer and never ends it is given up too", async () => {
  await using hook = await startReceiver((response) => void response.writeHead(200).write("o"));
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true }, { timeoutMs: 50 });
  assert.match(failed(await channel.send(silent, never)).error, /did not answer within/);
});

test("an endless answer is read only to its bound", async () => {
  await using hook = await startReceiver((response) => {
    const more = (): void => {
      while (response.write("x".repeat(65_536))) if (response.destroyed) return;
      response.once("drain", more);
    };
    more();
  });
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true });
  assert.deepEqual(await channel.send(silent, never).then(({ sent }) => sent), true);
});

test("a stopping server lets go of a hanging receiver at once, and asks for a retry", async () => {
  await using hook = await startReceiver(() => undefined);
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true });
  const stopping = new AbortController();
  const sending = channel.send(silent, stopping.signal);
  await hook.arrived(1);
  stopping.abort();
  const outcome = failed(await sending);
  assert.deepEqual([outcome.retry, outcome.error], [true, "interrupted while sending: Midwatch was stopping"]);
});

test("a receiver that is not there, or hangs up, is named with what to look at", async () => {
  const hook = await startReceiver((response) => response.destroy());
  const channel = openChannel({ type: "webhook", url: hook.url, allow_private: true });
  assert.match(failed(await channel.send(silent, never)).error, /broke the connection before it answered/);
  await hook[Symbol.asyncDispose]();
  const gone = failed(await channel.send(silent, never));
  assert.deepEqual([gone.retry, gone.error], [true, `127.0.0.1:${hook.port} refuses connections: is it running?`]);
});
