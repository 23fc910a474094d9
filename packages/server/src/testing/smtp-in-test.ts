// A real mail server on the loopback, which says yes to one user and keeps what it is given.

import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { simpleParser, type ParsedMail } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import type { Certificate } from "./certificate.ts";

const mailUser = "midwatch@example.org";
const mailPassword = "correct horse battery staple";

export interface ReceivedMail {
  /** Who got it, as the envelope said. */
  readonly recipients: readonly string[];
  readonly raw: string;
  readonly parsed: ParsedMail;
  /** Whether the connection was encrypted when it came. */
  readonly secure: boolean;
}

export interface SmtpInTest extends AsyncDisposable {
  readonly port: number;
  readonly received: ReceivedMail[];
  /** How many connections there were, also those that came to nothing. */
  readonly connections: () => number;
  /** Replies to the next mails' addresses, or to their end when the name is "data". Each is used once. */
  readonly refuseNext: (what: string, code: number, words: string) => void;
}

export async function startSmtp(certificate: Certificate, options: SMTPServerOptions = {}): Promise<SmtpInTest> {
  const received: ReceivedMail[] = [];
  const refusals = new Map<string, Error[]>();
  let connections = 0;
  const refusal = (what: string): Error | undefined => refusals.get(what)?.shift();
  const server = new SMTPServer({
    ...certificate,
    closeTimeout: 100,
    disableReverseLookup: true,
    onConnect: (_session, done) => {
      connections += 1;
      done();
    },
    onAuth: ({ username, password }, _session, done) => {
      if (username === mailUser && password === mailPassword) done(null, { user: username });
      else done(Object.assign(new Error(`5.7.8 no, ${username} is not ${password}`), { responseCode: 535 }));
    },
    onMailFrom: (_address, _session, done) => done(refusal("from")),
    onRcptTo: ({ address }, _session, done) => done(refusal(address)),
    onData: (stream, { envelope, secure }, done) => {
      void keep();
      async function keep(): Promise<void> {
        const bytes = await buffer(stream);
        const refused = refusal("data");
        if (refused !== undefined) {
          done(refused);
          return;
        }
        const recipients = envelope.rcptTo.map(({ address }) => address);
        received.push({ recipients, raw: bytes.toString("latin1"), parsed: await simpleParser(bytes), secure });
        done();
      }
    },
    ...options,
  });
  // A client that does not like the certificate is what some tests are about.
  server.on("error", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port: (server.server.address() as AddressInfo).port,
    received,
    connections: () => connections,
    refuseNext: (what, code, words) => {
      const error = Object.assign(new Error(words), { responseCode: code });
      refusals.set(what, [...(refusals.get(what) ?? []), error]);
    },
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** What the client said, line by line. */
  readonly heard: string[];
}

/** A server that says what it is told to: the answer to each line, or null to drop the connection. */
export async function startScripted(
  greeting: string | null,
  answer: (line: string, heard: readonly string[]) => string | null | undefined,
): Promise<ScriptedServer> {
  const heard: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on("error", () => undefined).on("close", () => sockets.delete(socket)));
    if (greeting !== null) socket.write(`${greeting}\r\n`);
    let rest = "";
    socket.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString("latin1")).split("\r\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        heard.push(line);
        const said = answer(line, heard);
        if (said === null) socket.destroy();
        else if (said !== undefined) socket.write(`${said}\r\n`);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

/** Settings of a channel that sends through such a server on the loopback; `ca` vouches for it. */
export function smtpSettings(port: number, ca: string): Readonly<Record<string, unknown>> {
  return {
    ...{ type: "email", host: "127.0.0.1", port, user: mailUser, password: mailPassword, ca },
    ...{ from: "alerts@example.org", to: "ada@example.org", allow_private: true },
  };
}
