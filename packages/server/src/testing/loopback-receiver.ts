import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real HTTP server on the loopback that keeps what it was sent and answers as the test says. */
export interface Receiver extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly received: readonly Received[];
  /** Resolves when at least `count` requests have come in. */
  arrived(count: number): Promise<void>;
  /** How requests from now on are answered; never calling `response.end` is hanging. */
  answerWith(answer: (response: ServerResponse, request: Received) => void): void;
}

export async function startReceiver(
  answer: (response: ServerResponse, request: Received) => void = (response) => response.end("ok"),
): Promise<Receiver> {
  const received: Received[] = [];
  const waiting = new Set<() => void>();
  let current = answer;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const got = { method, path: url, headers, body: Buffer.concat(chunks).toString("utf8") };
      received.push(got);
      for (const check of waiting) check();
      current(response, got);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    port,
    received,
    arrived: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (received.length < count) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
    answerWith: (next) => {
      current = next;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
