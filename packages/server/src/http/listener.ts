// The one socket everything comes in by. Beats are taken off before the framework; the rest goes to it. All times and
// sizes a client could stretch have a bound here.

import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { SECOND } from "@midwatch/core";
import { ConfigError } from "../errors.ts";
import type { BeatEndpoint } from "../ingest/beat-endpoint.ts";
import { discardBody } from "../ingest/read-body.ts";
import { sendError } from "../ingest/send.ts";
import type { Log } from "../log.ts";
import { answerForeignPreface } from "./foreign-preface.ts";
import type { HostGuard } from "./guard-host.ts";

/** From the first byte of a request to its last: a batch of 8 MiB over a slow line. */
const requestTimeoutMs = 60 * SECOND;
const headersTimeoutMs = 10 * SECOND;
/** Longer than the usual interval between two beats, so that an agent beats on one connection. */
const keepAliveMs = 75 * SECOND;
const maxConnections = 50_000;

export function createListener(given: {
  readonly beats: BeatEndpoint;
  readonly guard: HostGuard;
  readonly others: RequestListener;
  readonly log: Pick<Log, "warn">;
}): Server {
  const { beats, guard, others, log } = given;
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: headersTimeoutMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 5 * SECOND,
      noDelay: true,
    },
    (request, response) => {
      const receive = beatHandlerOf(request, beats);
      if (receive === null) {
        others(request, response);
        return;
      }
      const refused = guard(request.headers.host);
      if (refused === null) return receive(request, response);
      discardBody(request);
      sendError(response, refused);
    },
  );
  server.maxConnections = maxConnections;
  answerForeignPreface(server, log);
  return server;
}

function beatHandlerOf(request: IncomingMessage, beats: BeatEndpoint): RequestListener | null {
  if (request.method !== "POST") return null;
  if (request.url === "/api/v1/heartbeat") return beats.heartbeat;
  return request.url === "/api/v1/heartbeats" ? beats.heartbeats : null;
}

/** Begins to listen and gives the port, or throws a `ConfigError` that says what is in the way. */
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
  } catch (error) {
    throw cannotListen(error, at);
  }
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : port;
}

function cannotListen(error: unknown, { host, port }: { readonly host: string; readonly port: number }): unknown {
  const code = error instanceof Error && "code" in error ? error.code : null;
  const where = `${host}:${port}`;
  switch (code) {
    case "EADDRINUSE":
      return new ConfigError(
        "port_in_use",
        `Port ${port} on ${host} is taken by another program, perhaps by a Midwatch that runs already. ` +
          `Stop that one, or choose another port: --listen ${host}:${port + 1}.`,
        { cause: error },
      );
    case "EACCES":
      return new ConfigError(
        "port_forbidden",
        `This user may not listen on ${where}: ports below 1024 need privileges. Choose another: --listen ${host}:4004.`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new ConfigError(
        "bad_address",
        `${host} is no address of this machine. Listen on 127.0.0.1 (only this machine) or 0.0.0.0 (all networks).`,
        { cause: error },
      );
    default:
      return error;
  }
}
