// The beat whose answer got lost on the way. A home-made heartbeat has no sequence number: when its connection breaks
// before the answer is out it sends the same body again, and counting both would count its tokens twice. Only for such
// broken connections the body is remembered, for 11 s: a client that waits 10 s for its answer retries within that.

import type { Ms } from "@midwatch/core";
import type { Reply } from "./reply.ts";

const rememberMs = 11_000;
const limit = 1_000;

export class BrokenBeats {
  readonly #byDigest = new Map<string, { readonly at: Ms; readonly reply: Promise<Reply> }>();

  remember(digest: string, reply: Promise<Reply>, at: Ms): void {
    this.#forgetOld(at);
    if (this.#byDigest.size < limit) this.#byDigest.set(digest, { at, reply });
  }

  /** The answer to the beat that this one repeats. It is repeated once: the next equal body is a beat of its own. */
  take(digestOf: () => string, at: Ms): Promise<Reply> | undefined {
    if (this.#byDigest.size === 0) return undefined;
    this.#forgetOld(at);
    const digest = digestOf();
    const found = this.#byDigest.get(digest);
    this.#byDigest.delete(digest);
    return found?.reply;
  }

  #forgetOld(at: Ms): void {
    for (const [digest, { at: since }] of this.#byDigest) {
      if (at - since <= rememberMs) return;
      this.#byDigest.delete(digest);
    }
  }
}
