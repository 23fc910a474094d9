// Puts load on a server from a process of its own: raw sockets, one request at a time on each, requests built as text.
// An HTTP client would cost more than the servers that are measured, and the measurement would be of the client.

import { connect, type Socket } from "node:net";
import { performance } from "node:perf_hooks";
import { answerParent } from "./child.ts";
import { quantile } from "./finding.ts";

export interface LoadOrder {
  readonly port: number;
  readonly key: string | null;
  readonly connections: number;
  readonly agents: number;
  /** Beats in one request; 1 is a single beat. */
  readonly beatsPerRequest: number;
  /** Ends after this time, or after this many requests, whichever comes first. */
  readonly forMs: number;
  readonly atMost?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly refused: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** From 0 to 1: near 1 this process was the bottleneck, and the figures are of it. */
  readonly busy: number;
}

const runId = `bench-${process.pid}-${Date.now()}`;
const seqs = new Map<number, number>();

answerParent(async (message) => {
  // Sent by this folder's benchmarks only.
  const order = message as LoadOrder;
  const before = performance.eventLoopUtilization();
  const startedAt = performance.now();
  const lanes = Array.from({ length: order.connections }, (_, index) => new Lane(order, index, startedAt));
  await Promise.all(lanes.map((lane) => lane.run()));
  const tookMs = performance.now() - startedAt;
  const latencies = lanes.flatMap((lane) => lane.latencies);
  const refused = lanes.reduce((sum, lane) => sum + lane.refused, 0);
  return {
    requests: latencies.length,
    refused,
    perSecond: (latencies.length * 1_000) / tookMs,
    p50Ms: quantile(latencies, 0.5),
    p99Ms: quantile(latencies, 0.99),
    busy: performance.eventLoopUtilization(before).utilization,
  } satisfies LoadResult;
});

/** One keep-alive connection and the agents that speak through it. */
class Lane {
  readonly latencies: number[] = [];
  refused = 0;
  readonly #order: LoadOrder;
  readonly #lane: number;
  readonly #until: number;
  readonly #atMost: number;
  readonly #head: string;
  readonly #batch: readonly string[];
  #turn = 0;

  constructor(order: LoadOrder, lane: number, startedAt: number) {
    this.#order = order;
    this.#lane = lane;
    this.#until = startedAt + order.forMs;
    this.#atMost = Math.ceil((order.atMost ?? Number.POSITIVE_INFINITY) / order.connections);
    const single = order.beatsPerRequest === 1;
    const key = order.key === null ? "" : `authorization: Bearer ${order.key}\r\n`;
    this.#head =
      `POST /api/v1/${single ? "heartbeat" : "heartbeats"} HTTP/1.1\r\nhost: 127.0.0.1:${order.port}\r\n${key}` +
      `content-type: application/json\r\ncontent-length: `;
    this.#batch = single ? [] : Array.from({ length: order.beatsPerRequest }, () => "");
  }

  async run(): Promise<void> {
    const socket = connect({ port: this.#order.port, host: "127.0.0.1", noDelay: true });
    await new Promise<void>((resolve, reject) => {
      const answers = new AnswerReader();
      let sentAt = 0;
      const send = (): void => {
        if (performance.now() >= this.#until || this.latencies.length >= this.#atMost) {
          socket.end();
          resolve();
          return;
        }
        const request = this.#nextRequest();
        sentAt = performance.now();
        socket.write(request);
      };
      socket.on("connect", send);
      socket.on("data", (chunk: Buffer) => {
        if (!answers.take(chunk)) return;
        this.latencies.push(performance.now() - sentAt);
        if (answers.status !== 200) this.refused += 1;
        send();
      });
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the server closed a connection")));
    }).finally(() => quiet(socket));
  }

  #nextRequest(): string {
    const { connections, beatsPerRequest } = this.#order;
    let body: string;
    if (beatsPerRequest === 1) body = this.#beat(this.#turn++ * connections + this.#lane);
    else {
      const first = (this.#turn++ * connections + this.#lane) * beatsPerRequest;
      body = `{"beats":[${this.#batch.map((_, index) => this.#beat(first + index)).join(",")}]}`;
    }
    // ASCII only, so characters are bytes.
    return `${this.#head}${body.length}\r\n\r\n${body}`;
  }

  /** What an SDK sends after an ordinary cycle. */
  #beat(turn: number): string {
    const agent = turn % this.#order.agents;
    const seq = (seqs.get(agent) ?? 0) + 1;
    seqs.set(agent, seq);
    return (
      `{"agent":"bench-${agent}","status":"ok","tokens_used":${1_800 + ((seq * 37) % 200)},"ts":${Date.now() / 1_000},` +
      `"run_id":"${runId}","instance":"b2","seq":${seq},"cycle":${seq},"cycle_ms":5300,"interval_s":600}`
    );
  }
}

/** Counts the bytes of answers; nothing is kept of a body. */
class AnswerReader {
  status = 0;
  #left = 0;

  /** True when an answer is complete. */
  take(chunk: Buffer): boolean {
    if (this.#left === 0) {
      // Both servers write the head of an answer at once.
      const head = chunk.toString("latin1", 0, 2_048);
      const end = head.indexOf("\r\n\r\n");
      const length = /\ncontent-length: (\d+)/i.exec(head);
      if (end < 0 || !length) throw new Error(`an answer that this reader does not understand: ${head.slice(0, 200)}`);
      this.status = Number(head.slice(9, 12));
      this.#left = end + 4 + Number(length[1]);
    }
    this.#left -= chunk.length;
    return this.#left === 0;
  }
}

function quiet(socket: Socket): void {
  socket.removeAllListeners();
  socket.on("error", () => undefined);
  socket.destroy();
}
