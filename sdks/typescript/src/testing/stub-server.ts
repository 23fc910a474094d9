import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { parseBeat, parseJson } from "@midwatch/protocol";
import type { BeatBody } from "../beat-body.ts";

/**
 * `drop` keeps the beat and cuts the connection; `hang` keeps it and never answers; the others keep nothing: `reset` cuts the
 * connection, `refuse` and `later` are 503 (`later` with a Retry-After of 7 s), `picky` is 422 to all but plain beats.
 */
export type Behaviour =
  | "ok"
  | "pause"
  | "stop"
  | "refuse"
  | "later"
  | "drop"
  | "reset"
  | "hang"
  | "garbage"
  | "flood"
  | "deny"
  | "picky"
  | "unprocessable";

/** A real server on loopback that keeps beats as Midwatch would: once per `(run_id, instance, seq)`. */
export class StubServer {
  behaviour: Behaviour = "ok";
  /** Used up one per request, before `behaviour`. */
  readonly script: Behaviour[] = [];
  requests = 0;
  readonly #kept = new Map<string, { text: string; beat: BeatBody }>();
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new Set<Socket>();
  #onBeat: () => void = () => undefined;

  static async listen(): Promise<StubServer> {
    const stub = new StubServer();
    stub.#server.on("connection", (socket: Socket) => {
      stub.#sockets.add(socket);
      socket.on("close", () => stub.#sockets.delete(socket));
    });
    stub.#server.listen(0, "127.0.0.1");
    await once(stub.#server, "listening");
    return stub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Distinct beats in order of their first arrival. */
  get kept(): BeatBody[] {
    return [...this.#kept.values()].map(({ beat }) => beat);
  }

  get tokens(): number {
    return this.kept.reduce((sum, beat) => sum + beat.tokens_used, 0);
  }

  /** Starts anew for another agent. */
  forget(): void {
    this.#kept.clear();
    this.script.length = 0;
    this.requests = 0;
  }

  /** Looks again at each request, for 20 s at most. */
  async until(condition: (stub: StubServer) => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(20_000);
    while (!condition(this)) {
      assert.ok(!deadline.aborted, `it did not come true in 20 s; kept: ${JSON.stringify(this.kept)}`);
      await new Promise<void>((resolve) => {
        this.#onBeat = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const bytes = Buffer.concat(pieces);
    this.requests++;
    const behaviour = this.script.shift() ?? this.behaviour;
    assert.equal(request.url, "/api/v1/heartbeat");
    assert.match(request.headers.authorization ?? "", /^Bearer mw_/u);
    const answer = (status: number, body: unknown): void => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (behaviour === "later") response.setHeader("retry-after", "7");
    if (behaviour === "reset") request.socket.destroy();
    else if (behaviour === "refuse" || behaviour === "later")
      answer(503, { error: { code: "overloaded", message: "later" } });
    else if (behaviour === "deny") answer(401, { error: { code: "unauthorized", message: "the key is unknown" } });
    else if (this.#isRefused(behaviour, bytes)) answer(422, { error: { code: "invalid_field", message: "no" } });
    else if (behaviour === "garbage") response.writeHead(200).end("<html>welcome to the hotel</html>");
    else if (behaviour === "flood") response.writeHead(200).end("x".repeat(200_000));
    else {
      this.#keep(bytes);
      if (behaviour === "drop") request.socket.destroy();
      else if (behaviour !== "hang") {
        const directive = behaviour === "pause" || behaviour === "stop" ? behaviour : "continue";
        const reason = directive === "continue" ? null : "the budget is used up";
        answer(200, { ok: true, directive, reason, warning: null });
      }
    }
    this.#onBeat();
  }

  /** Like a server, that answers a beat it has kept as it did the first time. */
  #isRefused(behaviour: Behaviour, bytes: Buffer): boolean {
    if (behaviour !== "unprocessable" && behaviour !== "picky") return false;
    const beat = JSON.parse(bytes.toString()) as BeatBody;
    if (this.#kept.has(idOf(beat))) return false;
    return behaviour === "unprocessable" || beat.message !== undefined || beat.metrics !== undefined;
  }

  #keep(bytes: Buffer): void {
    const json = parseJson(bytes);
    assert.ok(json.ok, "an SDK sends JSON");
    const parsed = parseBeat(json.value);
    assert.ok(parsed.ok, `an SDK sends beats that parse: ${JSON.stringify(parsed)}`);
    const beat = json.value as BeatBody;
    const id = idOf(beat);
    const text = bytes.toString();
    const before = this.#kept.get(id);
    if (before !== undefined) assert.equal(text, before.text, "a repeated seq has the very same body");
    else this.#kept.set(id, { text, beat });
  }
}

function idOf({ run_id, instance, seq }: BeatBody): string {
  return `${run_id} ${instance} ${seq}`;
}
