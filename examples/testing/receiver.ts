import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { newAgent, defaultSettings, step, type Beat } from "@midwatch/core";
import { beatIdentity, bodyDigest, parseBeat, parseJson } from "@midwatch/protocol";

export interface ReceivedBeat {
  /** What was sent, field by field. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly beat: Beat;
  readonly at: number;
}

const patienceMs = 20_000;
export const receiverKey = "mw_examples";

/** A real HTTP server for the beats of an example: parses them as Midwatch does, and refuses what Midwatch would refuse. */
export class Receiver {
  readonly beats: ReceivedBeat[] = [];
  /** Status of every answer, in order. */
  readonly answered: number[] = [];
  directive: "continue" | "pause" | "stop" = "continue";
  readonly #server = http.createServer((request, response) => void this.#serve(request, response));
  readonly #sockets = new Set<Socket>();
  #waiting: (() => void)[] = [];

  /** Listens on a free port, or on the given one. */
  static async listen(port = 0): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.on("connection", (socket: Socket) => {
      receiver.#sockets.add(socket);
      socket.on("close", () => receiver.#sockets.delete(socket));
    });
    receiver.#server.listen(port, "127.0.0.1");
    await once(receiver.#server, "listening");
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** What an agent needs to find this server. */
  get environment(): Record<string, string> {
    return { MIDWATCH_URL: `http://127.0.0.1:${this.port}`, MIDWATCH_KEY: receiverKey };
  }

  /** Waits until the beats fulfil the condition; fails after 20 s with what came instead. */
  async until(what: string, condition: (beats: readonly Beat[]) => boolean): Promise<void> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const beats = this.beats.map(({ beat }) => beat);
      if (condition(beats)) return;
      const last = beats.slice(-5).map(({ status, message }) => `${status} ${message ?? ""}`);
      const leftMs = deadline - Date.now();
      assert.ok(leftMs > 0, `waited for ${what}; of ${beats.length} beats the last were: ${last.join(" | ")}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** What Midwatch would have told people of these beats: "opened runaway", "resolved runaway" … */
  notices(): readonly string[] {
    let state = newAgent(this.beats[0]?.beat.agent ?? "", this.beats[0]?.at ?? 0, defaultSettings);
    return this.beats.flatMap(({ body, beat, at }) => {
      const identity = beatIdentity(beat, () => bodyDigest(body));
      const event = { type: "beat", at, beat, identity, via: "direct", spooled: false } as const;
      const result = step(state, { ...event, costUsdMicros: beat.costUsdMicros }, defaultSettings);
      state = result.state;
      return result.effects.flatMap((effect) => (effect.do === "notify" ? [`${effect.what} ${effect.kind}`] : []));
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      // The agent was killed while it spoke, which is what some of them are here for.
      return;
    }
    const { status, answer } = this.#judge(request, Buffer.concat(pieces));
    this.answered.push(status);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(answer));
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const look of waiting) look();
  }

  #judge(request: http.IncomingMessage, bytes: Buffer): { status: number; answer: unknown } {
    const refuse = (status: number, message: string) => ({ status, answer: { error: { code: "refused", message } } });
    if (request.method !== "POST" || request.url !== "/api/v1/heartbeat") return refuse(404, "no such place");
    if (request.headers.authorization !== `Bearer ${receiverKey}`) return refuse(401, "the key is wrong");
    const json = parseJson(bytes);
    if (!json.ok) return refuse(400, "not JSON");
    const parsed = parseBeat(json.value);
    if (!parsed.ok) return refuse(422, JSON.stringify(parsed.errors));
    this.beats.push({ body: json.value as Record<string, unknown>, beat: parsed.beat, at: Date.now() });
    return { status: 200, answer: { ok: true, directive: this.directive, reason: null, warning: null } };
  }
}
