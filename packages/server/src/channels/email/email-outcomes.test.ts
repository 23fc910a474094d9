import assert from "node:assert/strict";
import type { LookupFunction } from "node:net";
import test from "node:test";
import type { ChannelSurroundings, SendOutcome } from "../channel.ts";
import { never, openChannel, silent } from "../../testing/channel-examples.ts";
import { certificateFor } from "../../testing/certificate.ts";
import { smtpSettings, startScripted, startSmtp } from "../../testing/smtp-in-test.ts";

const certificate = await certificateFor("127.0.0.1");

function open(
  { port }: { readonly port: number },
  settings: Readonly<Record<string, unknown>> = {},
  around: Partial<ChannelSurroundings> = {},
) {
  return openChannel({ ...smtpSettings(port, certificate.cert), ...settings }, around);
}

function failed(outcome: SendOutcome): Extract<SendOutcome, { sent: false }> {
  assert.equal(outcome.sent, false, JSON.stringify(outcome));
  return outcome;
}

test("TLS from the first byte works as well", async () => {
  await using smtp = await startSmtp(certificate, { secure: true });
  assert.deepEqual(await open(smtp, { tls: "implicit" }).send(silent, never), { sent: true });
  assert.equal(smtp.received[0]?.secure, true);
});

test("a server on this machine may be spoken to without TLS and without a login", async () => {
  await using smtp = await startSmtp(certificate, { authOptional: true });
  const plain = { tls: "none", user: undefined, password: undefined };
  assert.deepEqual(await open(smtp, plain).send(silent, never), { sent: true });
  assert.equal(smtp.received[0]?.secure, false);
});

test("a server whose STARTTLS is gone gets nothing, neither mail nor password", async () => {
  await using server = await startScripted("220 here", (line) =>
    line.startsWith("EHLO") ? "250-here\r\n250 AUTH PLAIN LOGIN" : "502 5.5.1 no such command",
  );
  const outcome = failed(await open(server).send(silent, never));
  assert.equal(outcome.retry, true, "whoever took it away may be gone in a minute");
  assert.match(
    outcome.error,
    /^127\.0\.0\.1 answered 502 5\.5\.1 no such command\. It does not offer STARTTLS, so nothing was sent/,
  );
  assert.deepEqual(server.heard.slice(1), ["STARTTLS"]);
});

const now = Date.now();
const badCertificates = [
  [
    "that nobody vouches for",
    () => certificateFor("127.0.0.1"),
    undefined,
    /nobody vouches for.* name its certificate under `ca`/,
  ],
  [
    "for another name",
    () => certificateFor("mail.example.org"),
    "own",
    /for another name.* write the name that is in it as `host`/,
  ],
  ["that has expired", () => certificateFor("127.0.0.1", now - 10 * 86_400_000), "own", /expired/],
] as const;

for (const [which, make, ca, words] of badCertificates) {
  test(`a certificate ${which} gets nothing, is tried again, and the error says what to do`, async () => {
    const bad = await make();
    await using smtp = await startSmtp(bad);
    const outcome = failed(await open(smtp, { ca: ca === "own" ? bad.cert : undefined }).send(silent, never));
    assert.equal(outcome.retry, true);
    assert.match(outcome.error, words);
    assert.equal(smtp.received.length, 0);
  });
}

test("no variable of the environment turns the look at the certificate off", async (t) => {
  const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  t.after(() => {
    if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
  });
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  await using smtp = await startSmtp(certificate);
  assert.equal((await open(smtp, { ca: undefined }).send(silent, never)).sent, false);
});

test("a wrong password is final, and neither it nor the user is repeated when the server repeats them", async () => {
  await using smtp = await startSmtp(certificate);
  const outcome = failed(await open(smtp, { password: "hunter2 and more" }).send(silent, never));
  assert.deepEqual(outcome, {
    sent: false,
    retry: false,
    error:
      "127.0.0.1 answered 535 5.7.8 no, … is not …. Look at `user` and `password`; many providers want a password made for one application",
  });
});

test("a server that is busy is tried again, and then the mail is there once", async () => {
  await using smtp = await startSmtp(certificate);
  const channel = open(smtp);
  smtp.refuseNext("data", 451, "4.3.2 come back\r\nlater");
  assert.deepEqual(await channel.send(silent, never), {
    sent: false,
    retry: true,
    error: "127.0.0.1 answered 451 4.3.2 come back later",
  });
  assert.deepEqual(await channel.send(silent, never), { sent: true });
  assert.equal(smtp.received.length, 1);
});

test("a mail that is refused for good is not tried again, and the server is quoted, shortened", async () => {
  await using smtp = await startSmtp(certificate);
  smtp.refuseNext("data", 554, `5.7.1 spam ${"x".repeat(1_000)}`);
  const outcome = failed(await open(smtp).send(silent, never));
  assert.equal(outcome.retry, false);
  assert.match(outcome.error, /^127\.0\.0\.1 answered 554 5\.7\.1 spam x+…$/);
  assert.ok(outcome.error.length < 400);
});

const ada = "ada@example.org";
const bob = "bob@example.org";

test("of two recipients one is unknown: the other has it, and the log names who has not", async () => {
  await using smtp = await startSmtp(certificate);
  smtp.refuseNext(bob, 550, "5.1.1 no such user");
  assert.deepEqual(await open(smtp, { to: [ada, bob] }).send(silent, never), {
    sent: true,
    remark: "not delivered to bob@example.org (550 5.1.1 no such user)",
  });
  assert.deepEqual(
    smtp.received.map(({ recipients }) => recipients),
    [[ada]],
  );
});

test("of two recipients one is busy: only that one is tried again", async () => {
  await using smtp = await startSmtp(certificate);
  const channel = open(smtp, { to: [ada, bob] });
  smtp.refuseNext(bob, 450, "4.2.0 greylisted");
  assert.deepEqual(await channel.send(silent, never), {
    sent: false,
    retry: true,
    error: "1 of 2 have it; not yet bob@example.org (450 4.2.0 greylisted)",
  });
  assert.deepEqual(await channel.send(silent, never), { sent: true });
  assert.deepEqual(
    smtp.received.map(({ recipients }) => recipients),
    [[ada], [bob]],
  );
  assert.deepEqual(await channel.send({ ...silent, id: "another" }, never), { sent: true });
  assert.deepEqual(smtp.received[2]?.recipients, [ada, bob]);
});

test("one who is busy for a quarter of an hour does not keep the next messages from the others", async () => {
  await using smtp = await startSmtp(certificate);
  let at = 1_000_000;
  const channel = open(smtp, { to: [ada, bob] }, { now: () => at });
  smtp.refuseNext(bob, 452, "4.2.2 mailbox full");
  smtp.refuseNext(bob, 452, "4.2.2 mailbox full");
  assert.equal((await channel.send(silent, never)).sent, false);
  at += 15 * 60_000;
  assert.deepEqual(await channel.send(silent, never), {
    sent: true,
    remark: "not delivered to bob@example.org (452 4.2.2 mailbox full)",
  });
});

test("when all recipients are refused, one who is only busy keeps the mail alive", async () => {
  await using smtp = await startSmtp(certificate);
  const channel = open(smtp, { to: [ada, bob] });
  smtp.refuseNext(ada, 550, "5.1.1 no such user");
  smtp.refuseNext(bob, 451, "4.7.1 later");
  assert.deepEqual(await channel.send(silent, never), {
    sent: false,
    retry: true,
    error: "127.0.0.1 answered 451 4.7.1 later (and refused 1 more)",
  });
  for (const who of [ada, bob]) smtp.refuseNext(who, 550, "5.1.1 no such user");
  assert.equal(failed(await channel.send(silent, never)).retry, false);
});

test("a server that never greets is given up after the time there is", async () => {
  await using server = await startScripted(null, () => undefined);
  const outcome = failed(await open(server, {}, { timeoutMs: 50 }).send(silent, never));
  assert.equal(outcome.retry, true);
  assert.equal(outcome.error, `127.0.0.1:${server.port} did not take the message within 0.05 s`);
});

const plain = { tls: "none", user: undefined, password: undefined };

/** Says yes to everything but the end of the mail. */
function untilTheEnd(atTheEnd: string | null | undefined) {
  return startScripted("220 here", (line, heard) => {
    const inData = heard.includes("DATA");
    if (line === ".") return atTheEnd;
    if (line === "DATA") return "354 go on";
    return inData ? undefined : "250 yes";
  });
}

test("a server that hangs after it has the mail is given up and tried again", async () => {
  await using server = await untilTheEnd(undefined);
  const outcome = failed(await open(server, plain, { timeoutMs: 500 }).send(silent, never));
  assert.deepEqual([outcome.retry, server.heard.at(-1)], [true, "."]);
});

test("a connection that breaks after the mail, before the answer, means the same mail again", async () => {
  await using server = await untilTheEnd(null);
  const outcome = failed(await open(server, plain).send(silent, never));
  assert.equal(outcome.retry, true);
  assert.match(outcome.error, /broke the connection before it took the message$/);
});

test("a server that closes at once, and one that is not there, are tried again", async () => {
  await using server = await startScripted("421 4.3.2 too many connections", () => null);
  assert.match(failed(await open(server).send(silent, never)).error, /answered 421 4\.3\.2 too many connections$/);
  const { port } = server;
  await server[Symbol.asyncDispose]();
  const gone = failed(await open({ port }).send(silent, never));
  assert.deepEqual(
    [gone.retry, gone.error],
    [true, `127.0.0.1:${port} refuses connections: is \`port\` right, and the server running?`],
  );
});

test("a server that wants nothing of us is believed, without the colours it says it in", async () => {
  await using server = await startScripted("554-5.7.1 \u001b[31mgo\r\n554 5.7.1 away", () => "221 bye");
  const outcome = failed(await open(server).send(silent, never));
  assert.deepEqual([outcome.retry, outcome.error], [false, "127.0.0.1 answered 554-5.7.1 go away"]);
});

test("what does not speak TLS, or no mail at all, is named", async () => {
  await using smtp = await startSmtp(certificate);
  assert.match(
    failed(await open(smtp, { tls: "implicit" }).send(silent, never)).error,
    /does not begin with TLS: use `tls: starttls`/,
  );
  await using web = await startScripted("HTTP/1.1 400 Bad Request", () => null);
  const outcome = failed(await open(web).send(silent, never));
  assert.match(outcome.error, /HTTP\/1\.1 400 Bad Request/);
  assert.equal(outcome.retry, true);
});

test("a mail is let go at once when Midwatch stops", async () => {
  await using server = await startScripted(null, () => undefined);
  const stopping = new AbortController();
  const outcome = open(server).send(silent, stopping.signal);
  setImmediate(() => stopping.abort());
  assert.match(failed(await outcome).error, /interrupted while sending/);
  assert.match(failed(await open(server).send(silent, stopping.signal)).error, /interrupted while sending/);
});

test("a mail that is larger than the server takes is not tried again", async () => {
  await using smtp = await startSmtp(certificate, { size: 1_000 });
  const outcome = failed(await open(smtp).send(silent, never));
  assert.deepEqual([outcome.retry, outcome.error], [false, "127.0.0.1 takes no mail of this size"]);
});

for (const [address, family] of [
  ["127.0.0.1", 4],
  ["::ffff:127.0.0.1", 6],
  ["169.254.169.254", 4],
  ["100.64.0.1", 4],
] as const) {
  test(`a name that leads to ${address} is not connected to, and the way out is named`, async () => {
    await using smtp = await startSmtp(certificate);
    const lookup: LookupFunction = (_name, _options, done) => done(null, [{ address, family }]);
    const outcome = failed(
      await open(smtp, { host: "mail.example.org", allow_private: false }, { lookup }).send(silent, never),
    );
    assert.equal(outcome.retry, false);
    assert.match(outcome.error, /leads to this machine or a private network.*allow_private: true/);
    assert.equal(smtp.connections(), 0);
  });
}

test("the name is looked up once: what it leads to later does not matter", async () => {
  await using smtp = await startSmtp(certificate);
  let asked = 0;
  const lookup: LookupFunction = (_name, _options, done) => {
    asked += 1;
    done(null, [{ address: "127.0.0.1", family: 4 }]);
  };
  const named = await certificateFor("mail.example.org");
  await using own = await startSmtp(named);
  const channel = open(own, { host: "mail.example.org", ca: named.cert, allow_private: ["127.0.0.0/8"] }, { lookup });
  assert.deepEqual(await channel.send(silent, never), { sent: true });
  assert.deepEqual([asked, smtp.connections()], [1, 0]);
});
