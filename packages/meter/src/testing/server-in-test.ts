// The server's side of the meter's link, over real HTTP: stores each number of a spool once, and holds what it is told to hold.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import {
  parseMeterBatch,
  type MeterBatchAnswer,
  type MeterCall,
  type Standing,
  type Standings,
} from "@midwatch/protocol";

export interface ServerInTest {
  readonly url: string;
  readonly port: number;
  readonly key: string;
  /** In the order in which they were stored, each once. */
  readonly calls: readonly { readonly agent: string; readonly call: MeterCall }[];
  /** Batches that came, repeats included. */
  readonly batches: number;
  hold(agent: string, standing: Partial<Standing>): void;
  /** Judges after each batch, as budgets do. */
  onStored: (() => void) | null;
  /** Answers to batches wait until this is resolved. */
  gate: Promise<void> | null;
  stop(): Promise<void>;
  start(port: number): Promise<void>;
}

const free: Standing = { directive: "continue", reason: null, until: null, budgeted: false };
const key = "mw_0123456789abcdefghijABCDEFGHIJ01";

export async function serverInTest(t: TestContext): Promise<ServerInTest> {
  const server = new StandIn();
  await server.start(0);
  t.after(() => server.stop());
  return server;
}

class StandIn implements ServerInTest {
  readonly key = key;
  readonly calls: { agent: string; call: MeterCall }[] = [];
  batches = 0;
  onStored: (() => void) | null = null;
  gate: Promise<void> | null = null;
  port = 0;
  readonly #upto = new Map<string, number>();
  readonly #standings = new Map<string, Standing>();
  #rev = 1;
  #waiting: (() => void)[] = [];
  #server = createServer();

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(port: number): Promise<void> {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#wake();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  hold(agent: string, standing: Partial<Standing>): void {
    this.#standings.set(agent, { ...free, ...standing });
    this.#rev += 1;
    this.#wake();
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #word(): Standings {
    const agents = [...this.#standings].map(([agent, standing]) => ({ agent, ...standing }));
    return { rev: `r${this.#rev}`, agents, others: free };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(request.url ?? "/", "http://test");
    if (request.headers.authorization !== `Bearer ${key}`) {
      send(response, 401, { error: { message: "wrong key" } });
      return;
    }
    if (url.pathname.endsWith("/standings")) return this.#tellStandings(url, response);
    const parsed = parseMeterBatch(JSON.parse(Buffer.concat(chunks).toString()));
    if (!parsed.ok) {
      send(response, 422, { error: { message: JSON.stringify(parsed.errors) } });
      return;
    }
    this.batches += 1;
    const { spool, items } = parsed.batch;
    const place = `${url.pathname} ${spool}`;
    for (const item of items) {
      if (item.n <= (this.#upto.get(place) ?? 0)) continue;
      this.#upto.set(place, item.n);
      if (item.is === "call") this.calls.push({ agent: item.agent, call: item.call });
    }
    if (items.length > 0) this.onStored?.();
    if (items.length > 0) await this.gate;
    const answer: MeterBatchAnswer = { upto: this.#upto.get(place) ?? 0, standings: this.#word() };
    send(response, 200, answer);
  }

  async #tellStandings(url: URL, response: ServerResponse): Promise<void> {
    const waitMs = Number(url.searchParams.get("wait_s") ?? 0) * 1_000;
    if (url.searchParams.get("known") === `r${this.#rev}` && waitMs > 0) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#waiting.push(() => resolve(undefined));
      const timer = setTimeout(() => resolve(undefined), waitMs);
      response.on("close", () => resolve(undefined));
      await promise;
      clearTimeout(timer);
    }
    send(response, 200, this.#word());
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}
