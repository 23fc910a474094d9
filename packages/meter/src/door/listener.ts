// The socket that clients come in by. All times and sizes a client could stretch have a bound here.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { describeError, MeterError, systemCode } from "../failure.ts";

const headersTimeoutMs = 10_000;
/** From the first byte of a request to its last: 50 MB over a slow line. */
const requestTimeoutMs = 10 * 60_000;
const keepAliveMs = 75_000;
const maxHeaderBytes = 64 * 1024;
const maxConnections = 10_000;

const noUpgrade =
  "The meter passes HTTP requests and cannot see what a WebSocket carries, so it does not open one. Use the same API over HTTP, or let this client call its provider directly; its usage is then not counted here.";

export function createListener(onRequest: (request: IncomingMessage, response: ServerResponse) => void): Server {
  const server = createServer(
    {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 5_000,
      maxHeaderSize: maxHeaderBytes,
      noDelay: true,
    },
    onRequest,
  );
  server.maxConnections = maxConnections;
  server.on("upgrade", refuseUpgrade);
  return server;
}

/** 426: the request may come again, and in another way than this. */
function refuseUpgrade(_request: IncomingMessage, socket: Duplex): void {
  const body = JSON.stringify({
    error: { message: noUpgrade, type: "invalid_request_error", code: "midwatch_no_websocket" },
  });
  socket.on("error", () => undefined);
  socket.end(
    `HTTP/1.1 426 Upgrade Required\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Begins to listen and gives the port, or rejects with `listen_failed`, which says what is in the way. */
export async function listen(server: Server, at: { readonly host: string; readonly port: number }): Promise<number> {
  const { host, port } = at;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ host, port, backlog: 1_024 }, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    throw new MeterError("listen_failed", whyNot(cause, at), { cause });
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function whyNot(error: unknown, { host, port }: { readonly host: string; readonly port: number }): string {
  switch (systemCode(error)) {
    case "EADDRINUSE":
      return `Port ${port} on ${host} is taken by another program, perhaps by a meter that runs already. Stop that one, or choose another port: --listen ${host}:${port + 1}.`;
    case "EACCES":
      return `This user may not listen on ${host}:${port}: ports below 1024 need privileges. Choose another: --listen ${host}:4005.`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `${host} is no address of this machine. Listen on 127.0.0.1 (only this machine) or 0.0.0.0 (all networks).`;
    default:
      return `The meter cannot listen on ${host}:${port}: ${describeError(error)}.`;
  }
}
