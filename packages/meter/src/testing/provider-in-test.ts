// A provider on the loopback: what it was sent is kept, and what it answers is decided by the test.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface Received {
  readonly method: string;
  readonly url: string;
  /** Flat, as they came. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

export interface ProviderInTest {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

export type Answer = (received: Received, response: ServerResponse) => void;

export async function providerInTest(t: TestContext, answer: Answer): Promise<ProviderInTest> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", rawHeaders, headers } = request;
      const one = { method, url, rawHeaders, headers, body: Buffer.concat(chunks) };
      received.push(one);
      answer(one, response);
    });
    request.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  t.after(close);
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, close };
}

/** Answers everything with the same bytes. */
export function always(status: number, headers: Readonly<Record<string, string>>, body: string | Buffer): Answer {
  return (_, response) => {
    response.writeHead(status, { "content-length": String(Buffer.byteLength(body)), ...headers });
    response.end(body);
  };
}

export function json(body: unknown): Answer {
  return always(200, { "content-type": "application/json" }, JSON.stringify(body));
}

export function sse(events: readonly string[]): Answer {
  return (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of events) response.write(event);
    response.end();
  };
}
