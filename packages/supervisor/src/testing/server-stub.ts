// The server's side of the link, for tests: a real HTTP server that takes batches as the real one does, stores each item
// once, and hands out commands. It can be taken away and brought back on the same port.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  parseSupervisorBatch,
  type Command,
  type CommandOutcome,
  type SpooledItem,
  type SupervisedAgentView,
} from "@midwatch/protocol";

export interface ServerStub {
  readonly url: string;
  readonly key: string;
  /** Everything stored, once each, in the order of its coming. */
  readonly items: SpooledItem[];
  /** Requests that were answered. */
  calls: number;
  readonly commands: Command[];
  readonly outcomes: Map<string, CommandOutcome>;
  /** What it says of each agent in its answers. */
  readonly views: SupervisedAgentView[];
  /** Answers the next batches without storing them, as a server that dies before its commit and is restarted. */
  losesAnswers: boolean;
  close(): Promise<void>;
  reopen(): Promise<void>;
}

export async function serverStub(): Promise<ServerStub> {
  let server: Server;
  let port = 0;
  const open = async (): Promise<void> => {
    server = createServer((request, response) => void serve(stub, request, response));
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    port = (server.address() as AddressInfo).port;
  };
  const stub: ServerStub = {
    get url() {
      return `http://127.0.0.1:${port}`;
    },
    key: "mw_test",
    items: [],
    calls: 0,
    commands: [],
    outcomes: new Map(),
    views: [],
    losesAnswers: false,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
    reopen: open,
  };
  await open();
  return stub;
}

async function serve(stub: ServerStub, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body: unknown = chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString());
  const path = (request.url ?? "").replace(/^\/api\/v1\/supervisors\/[^/]+/, "");
  stub.calls += 1;
  if (request.headers.authorization !== `Bearer ${stub.key}`) {
    send(response, 401, { error: { code: "unauthorized", message: "this key is not known." } });
    return;
  }
  if (path === "/batch") {
    takeBatch(stub, body, response);
    return;
  }
  const outcomeOf = /^\/commands\/([^/]+)\/outcome$/.exec(path)?.[1];
  if (outcomeOf !== undefined) {
    stub.outcomes.set(outcomeOf, body as CommandOutcome);
    send(response, 200, { ok: true });
    return;
  }
  if (path.startsWith("/commands?wait_s=")) {
    const commands = stub.commands.filter(({ id }) => !stub.outcomes.has(id));
    send(response, 200, { commands, agents: stub.views });
    return;
  }
  send(response, 404, { error: { code: "not_found", message: "no such thing" } });
}

function takeBatch(stub: ServerStub, body: unknown, response: ServerResponse): void {
  const parsed = parseSupervisorBatch(body);
  if (!parsed.ok)
    return send(response, 422, { error: { code: "invalid_field", message: JSON.stringify(parsed.errors) } });
  const upto = (): number => stub.items.at(-1)?.n ?? 0;
  stub.items.push(...parsed.batch.items.filter(({ n }) => n > upto()));
  if (stub.losesAnswers) return void response.destroy();
  const beats = parsed.batch.items.flatMap((item) =>
    item.is === "beat" && item.parsed.ok ? [{ ok: true, agent: item.parsed.beat.agent, agent_id: 7 }] : [],
  );
  send(response, 200, { upto: upto(), beats, agents: stub.views });
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
