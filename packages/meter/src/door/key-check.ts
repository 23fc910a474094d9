// Keys in the path, for a meter that more than this machine can reach. The meter cannot see the server's keys, so it asks: once for each key
// and agent, with the caller's own key. A good answer is remembered and asked for again every ten minutes, so that a revoked key ends;
// while the server is away, a remembered key goes on. Only digests are kept.

import { createHash } from "node:crypto";
import { MeterError } from "../failure.ts";
import { callServer, type ServerAddress } from "../link/http-call.ts";

export type KeyVerdict = "known" | "wrong" | "unsure";

const askAgainMs = 10 * 60_000;
const wrongMs = 10_000;
const limitMs = 2_000;
const maxRemembered = 10_000;

interface Remembered {
  readonly verdict: "known" | "wrong";
  readonly at: number;
}

export class KeyCheck {
  readonly #server: ServerAddress;
  readonly #path: string;
  readonly #remembered = new Map<string, Remembered>();

  constructor(server: ServerAddress, meterId: string) {
    this.#server = server;
    this.#path = `/api/v1/meters/${encodeURIComponent(meterId)}/standings?wait_s=0&agent=`;
  }

  async verdictOn(key: string, agent: string): Promise<KeyVerdict> {
    const name = createHash("sha256").update(`${key} ${agent}`).digest("base64");
    const before = this.#remembered.get(name);
    const now = performance.now();
    if (before && now - before.at < (before.verdict === "known" ? askAgainMs : wrongMs)) return before.verdict;
    const asked = await this.#ask(key, agent);
    if (asked === "unsure") return before?.verdict === "known" ? "known" : "unsure";
    this.#remembered.delete(name);
    this.#remembered.set(name, { verdict: asked, at: now });
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > maxRemembered && oldest !== undefined) this.#remembered.delete(oldest);
    return asked;
  }

  async #ask(key: string, agent: string): Promise<KeyVerdict> {
    try {
      await callServer(this.#server, { path: `${this.#path}${encodeURIComponent(agent)}`, body: null, limitMs, key });
      return "known";
    } catch (error) {
      return error instanceof MeterError && error.code === "server_refused" ? "wrong" : "unsure";
    }
  }
}
