// Where the agents of this machine beat: the beat endpoints of the server, on loopback alone. A beat is answered when it is
// safe on disk and folded; what cannot be stored is answered with 503, and its agent sends it again.

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Ms } from "@midwatch/core";
import {
  beatIdentity,
  bodyDigest,
  errorBody,
  invalidFields,
  notJson,
  parseBatch,
  parseBeat,
  parseJson,
  type BatchedBeat,
  type ParsedBeat,
  type Refusal,
} from "@midwatch/protocol";
import { describeError, SupervisorError, systemCode } from "../failure.ts";
import type { ReceivedBeat } from "../keeper/received-beat.ts";
import { http } from "../node-http.ts";
import type { Address } from "./address.ts";
import { BrokenBeats } from "./broken-beats.ts";
import { readBody } from "./read-body.ts";
import { noKey, notFound, overloaded, wrongKey } from "./refusal.ts";
import type { Reply } from "./reply.ts";

export interface ReceiverOptions {
  readonly address: Address;
  readonly now: () => Ms;
  /** Never rejects. */
  readonly receive: (beat: ReceivedBeat) => Promise<Reply>;
}

const beatBytes = 64 * 1024;
const batchBytes = 8 * 2 ** 20;
/** A beat that its sender received longer ago than this comes from a spool. */
const spooledMs = 10_000;
const waitingLimit = 20_000;

export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  readonly #keyDigest: Buffer;
  readonly #broken = new BrokenBeats();
  #waiting = 0;

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#keyDigest = digestOf(options.address.key);
    this.#server = http.createServer({ keepAliveTimeout: 120_000, requestTimeout: 30_000 }, (request, response) => {
      void this.#serve(request, response);
    });
  }

  /** Rejects with `receiver_unavailable` when the port is taken or forbidden. */
  static async open(options: ReceiverOptions): Promise<Receiver> {
    const receiver = new Receiver(options);
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    receiver.#server.once("error", (cause) => {
      const { port } = options.address;
      const message =
        systemCode(cause) === "EADDRINUSE"
          ? `port ${port} on 127.0.0.1, where the agents send their beats, is taken by another program`
          : `cannot listen on 127.0.0.1 for the beats of the agents: ${describeError(cause)}`;
      reject(new SupervisorError("receiver_unavailable", message, { cause, retryable: true }));
    });
    receiver.#server.listen(options.address.port, "127.0.0.1", () => resolve(undefined));
    await promise;
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get key(): string {
    return this.#options.address.key;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    const isBeat = path === "/api/v1/heartbeat";
    if (request.method !== "POST" || (!isBeat && path !== "/api/v1/heartbeats")) {
      refuse(response, notFound(request.method ?? "", path));
      return;
    }
    const unwelcome = this.#refusalOf(request);
    if (unwelcome) {
      refuse(response, unwelcome);
      return;
    }
    const read = await readBody(request, isBeat ? beatBytes : batchBytes);
    if (!read.ok) {
      if (read.refusal) refuse(response, read.refusal);
      return;
    }
    const json = parseJson(read.body);
    if (!json.ok) {
      refuse(response, notJson(json));
      return;
    }
    if (isBeat) await this.#one(json.value, response);
    else await this.#batch(json.value, response);
  }

  #refusalOf({ headers }: IncomingMessage): Refusal | null {
    const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
    const key = bearer ?? headers["x-api-key"];
    if (typeof key !== "string" || key === "") return noKey;
    return timingSafeEqual(digestOf(key.trim()), this.#keyDigest) ? null : wrongKey;
  }

  async #one(body: unknown, response: ServerResponse): Promise<void> {
    const now = this.#options.now();
    const parsed = parseBeat(body);
    if (!parsed.ok) {
      refuse(response, invalidFields(parsed.errors));
      return;
    }
    const received = receivedFrom(parsed.beat, body, { at: now, spooled: false });
    if (received.identity.by !== "none") {
      answer(response, await this.#take(received));
      return;
    }
    const earlier = await this.#broken.take(() => bodyDigest(body), now);
    const reply = earlier?.ok ? Promise.resolve(earlier) : this.#take(received);
    response.on("close", () => {
      if (!response.writableFinished) this.#broken.remember(bodyDigest(body), reply, this.#options.now());
    });
    answer(response, await reply);
  }

  async #batch(body: unknown, response: ServerResponse): Promise<void> {
    const batch = parseBatch(body);
    if (!batch.ok) {
      refuse(response, invalidFields(batch.errors));
      return;
    }
    const now = this.#options.now();
    // Puts right the sender's clock: only differences of its own times are believed.
    const aheadMs = batch.sentAt === null ? 0 : now - batch.sentAt;
    const replies = await Promise.all(batch.beats.map((beat) => this.#batched(beat, now, aheadMs)));
    const beats = replies.map((reply) => (reply.ok ? reply.answer : errorBody(reply.refusal)));
    // When nothing could be stored the whole batch is to be sent again.
    const failed = replies.find((reply) => !reply.ok && reply.refusal.status === 503);
    if (failed && !failed.ok && replies.every((reply) => !reply.ok)) {
      refuse(response, failed.refusal);
      return;
    }
    sendJson(response, 200, { ok: true, beats });
  }

  async #batched({ parsed, receivedAt, body }: BatchedBeat, now: Ms, aheadMs: number): Promise<Reply> {
    if (!parsed.ok) return { ok: false, refusal: invalidFields(parsed.errors) };
    const at = receivedAt === null ? now : Math.min(now, Math.round(receivedAt + aheadMs));
    return this.#take(receivedFrom(parsed.beat, body, { at, spooled: now - at > spooledMs }));
  }

  async #take(received: ReceivedBeat): Promise<Reply> {
    if (this.#waiting >= waitingLimit) return { ok: false, refusal: overloaded };
    this.#waiting += 1;
    try {
      return await this.#options.receive(received);
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Takes no more connections and ends those that are idle; waits a moment for the others. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const force = setTimeout(() => this.#server.closeAllConnections(), 500);
    await closed;
    clearTimeout(force);
  }
}

function receivedFrom(
  beat: Extract<ParsedBeat, { ok: true }>["beat"],
  body: unknown,
  { at, spooled }: { readonly at: Ms; readonly spooled: boolean },
): ReceivedBeat {
  return { beat, identity: beatIdentity(beat, () => bodyDigest(body)), body, at, spooled };
}

function answer(response: ServerResponse, reply: Reply): void {
  if (reply.ok) sendJson(response, 200, reply.answer);
  else refuse(response, reply.refusal);
}

function refuse(response: ServerResponse, refusal: Refusal): void {
  if (response.destroyed) return;
  if (refusal.retryAfterS !== undefined) response.setHeader("retry-after", String(refusal.retryAfterS));
  if (refusal.status === 401) response.setHeader("www-authenticate", "Bearer");
  // What is left of the body is not read, so the connection cannot be used again.
  if (!response.req.complete) response.setHeader("connection", "close");
  sendJson(response, refusal.status, errorBody(refusal));
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  if (response.destroyed) return;
  const json = JSON.stringify(body);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(json),
  });
  response.end(json);
}

function digestOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}
