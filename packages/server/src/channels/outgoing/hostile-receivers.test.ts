import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpsServer } from "node:https";
import { createServer, type AddressInfo, type LookupFunction, type Server, type Socket } from "node:net";
import test, { type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import type { ChannelSurroundings, SendOutcome } from "../channel.ts";
import { never, openChannel, silent } from "../../testing/channel-examples.ts";
import { startReceiver } from "../../testing/loopback-receiver.ts";
import { certificateFor } from "../../testing/certificate.ts";

const certificate = await certificateFor("127.0.0.1");

type Failed = Extract<SendOutcome, { sent: false }>;

async function sendTo(url: string, allowPrivate: unknown = true, around: Partial<ChannelSurroundings> = {}) {
  return openChannel({ type: "webhook", url, allow_private: allowPrivate }, around).send(silent, never);
}

async function failedAt(url: string, around: Partial<ChannelSurroundings> = {}): Promise<Failed> {
  const outcome = await sendTo(url, true, around);
  assert.ok(!outcome.sent);
  return outcome;
}

async function listen(t: TestContext, server: Server, host = "127.0.0.1"): Promise<number> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  server.listen(0, host);
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

test("a certificate that the receiver signed itself is not believed, and the way to do so is named", async (t) => {
  const server = createHttpsServer(certificate, (_request, response) => response.end("ok"));
  const port = await listen(t, server);
  const { retry, error } = await failedAt(`https://127.0.0.1:${port}/hook`);
  assert.equal(retry, true);
  assert.equal(
    error,
    `127.0.0.1:${port} has a certificate that it signed itself. If it is meant, name the authority's file in NODE_EXTRA_CA_CERTS and start Midwatch again`,
  );
});

test("https where plain HTTP is spoken, and the other way round, is said in words", async (t) => {
  await using plain = await startReceiver();
  assert.match(
    (await failedAt(`https://127.0.0.1:${plain.port}/`)).error,
    /does not speak TLS there: should the address begin with http:/,
  );
  const port = await listen(
    t,
    createHttpsServer(certificate, (_request, response) => response.end("ok")),
  );
  const { error } = await failedAt(`http://127.0.0.1:${port}/`);
  assert.match(error, /broke the connection|does not speak HTTP|answered 400/);
});

test("something that is no HTTP at all is said in words", async (t) => {
  const port = await listen(
    t,
    createServer((socket) => socket.end("220 mail.example.org ESMTP\r\n")),
  );
  assert.match((await failedAt(`http://127.0.0.1:${port}/`)).error, /does not speak HTTP there: is the port right/);
});

test("a receiver that accepts and drops the connection is tried again", async (t) => {
  const port = await listen(
    t,
    createServer((socket) => socket.destroy()),
  );
  const { retry, error } = await failedAt(`http://127.0.0.1:${port}/`);
  assert.deepEqual([retry, error], [true, `127.0.0.1:${port} broke the connection before it answered`]);
});

test("an answer that trickles for ever is cut off: its head, and its body", async (t) => {
  for (const start of ["HTTP/1.1 200 OK\r\nx-a: ", "HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"]) {
    const port = await listen(
      t,
      createServer((socket) => {
        socket.on("error", () => undefined).write(start);
        const drops = setInterval(() => socket.write("a"), 5);
        socket.on("close", () => clearInterval(drops));
      }),
    );
    const { retry, error } = await failedAt(`http://127.0.0.1:${port}/`, { timeoutMs: 100 });
    assert.deepEqual([retry, error], [true, `127.0.0.1:${port} did not answer within 0.1 s`]);
  }
});

test("a receiver that never reads what it is sent is given up", async (t) => {
  const port = await listen(
    t,
    createServer((socket) => socket.on("error", () => undefined).pause()),
  );
  assert.match((await failedAt(`http://127.0.0.1:${port}/`, { timeoutMs: 100 })).error, /did not answer within/);
});

test("a small packed answer that would be a large one is not unpacked", async () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000));
  await using hook = await startReceiver((response) =>
    response.writeHead(500, { "content-encoding": "gzip" }).end(bomb),
  );
  assert.equal((await failedAt(hook.url)).error, `127.0.0.1:${hook.port} answered 500`);
});

test("a head without end is not read to its end", async (t) => {
  const port = await listen(
    t,
    createServer((socket) => {
      socket.on("error", () => undefined).write(`HTTP/1.1 200 OK\r\nx-a: ${"a".repeat(1_000_000)}\r\n\r\n`);
    }),
  );
  const { retry, error } = await failedAt(`http://127.0.0.1:${port}/`);
  assert.equal(retry, true);
  assert.ok(error.length < 200);
});

test("no kind of redirect is followed, also where its target may be reached", async () => {
  await using inside = await startReceiver();
  for (const status of [301, 302, 303, 307, 308]) {
    await using hook = await startReceiver((response) => response.writeHead(status, { location: inside.url }).end());
    for (const allowed of [true, ["127.0.0.0/8"]]) assert.equal((await sendTo(hook.url, allowed)).sent, false);
  }
  assert.equal(inside.received.length, 0);
});

test("a list of ranges lets through the addresses in it, written or found by name, and refuses the others", async () => {
  await using inside = await startReceiver();
  const toLoopback: LookupFunction = (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]);
  const named = `http://hook.example.org:${inside.port}/`;
  assert.equal((await sendTo(inside.url, ["127.0.0.0/8"])).sent, true);
  assert.equal((await sendTo(named, ["127.0.0.0/8"], { lookup: toLoopback })).sent, true);
  const other = await sendTo(named, ["10.0.0.0/8", "::/0"], { lookup: toLoopback });
  assert.ok(!other.sent && !other.retry);
  assert.equal(inside.received.length, 2);
  assert.throws(
    () => openChannel({ type: "webhook", url: inside.url, allow_private: ["10.0.0.0/8"] }),
    /allow_private/,
  );
});

test("an address of IPv4 dressed up as IPv6 is judged as what it is", async () => {
  await using inside = await startReceiver();
  const mapped = `http://[::ffff:127.0.0.1]:${inside.port}/`;
  for (const allowed of [false, ["10.0.0.0/8"], ["::/0"]])
    assert.throws(() => openChannel({ type: "webhook", url: mapped, allow_private: allowed }), /allow_private/);
  assert.equal((await sendTo(mapped, ["127.0.0.0/8"])).sent, true);
  const byName: LookupFunction = (_name, _options, done) => done(null, [{ address: "::ffff:127.0.0.1", family: 6 }]);
  const refused = await sendTo(`http://hook.example.org:${inside.port}/`, false, { lookup: byName });
  assert.ok(!refused.sent && !refused.retry);
  assert.equal(inside.received.length, 1);
});
