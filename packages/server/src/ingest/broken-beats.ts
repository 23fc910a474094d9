// The beat whose answer got lost on the way. A home-made heartbeat has no sequence number, so when its connection breaks
// before the answer goes out it sends the same body again, and counting both would count its tokens twice. Only for such
// broken connections the body is remembered, for 11 s: a client that waits 10 s for its answer retries within that.

import { SECOND, type Ms } from "@midwatch/core";
import type { BeatResult } from "./beat-queue.ts";

const rememberMs = 11 * SECOND;
const maxRemembered = 10_000;

/** The fate of one beat, possibly not decided yet. */
export class BeatFate {
  #result: BeatResult | null = null;
  #waiting: ((result: BeatResult) => void)[] = [];

  settle(result: BeatResult): void {
    this.#result = result;
    for (const resolve of this.#waiting.splice(0)) resolve(result);
  }

  async result(): Promise<BeatResult> {
    if (this.#result) return this.#result;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

export class BrokenBeats {
  readonly #byDigest = new Map<string, { readonly at: Ms; readonly fate: BeatFate }>();

  /** True on nearly every beat: then nobody needs to compute a digest. */
  get isEmpty(): boolean {
    return this.#byDigest.size === 0;
  }

  remember(digest: string, fate: BeatFate, at: Ms): void {
    this.#forgetOld(at);
    if (this.#byDigest.size < maxRemembered) this.#byDigest.set(digest, { at, fate });
  }

  /** The earlier beat that this one repeats, or undefined. It is repeated once: the next equal body is a beat of its own. */
  take(digest: string, at: Ms): BeatFate | undefined {
    this.#forgetOld(at);
    const found = this.#byDigest.get(digest);
    this.#byDigest.delete(digest);
    return found?.fate;
  }

  #forgetOld(at: Ms): void {
    for (const [digest, entry] of this.#byDigest) {
      if (at - entry.at <= rememberMs) return;
      this.#byDigest.delete(digest);
    }
  }
}
