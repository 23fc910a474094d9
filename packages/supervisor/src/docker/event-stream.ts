// One stream of events per daemon, however many containers are kept there. It begins with the first listener, comes back
// by itself after the daemon was away, and ends with the last listener. It is a hint and no ledger: the daemon keeps
// 256 events and forgets them when it restarts. So each new connection tells everybody to look for himself, and asks
// for what happened since the last event, so that nothing falls between the two.

import { setTimeout as pause } from "node:timers/promises";
import type { DurationMs, Ms } from "@midwatch/core";
import { waitAfter } from "../link/patience.ts";
import type { EngineClient } from "./engine-client.ts";
import { eventsPath, parseEvent, type EngineEvent } from "./engine-event.ts";
import { linesOf } from "./lines.ts";

/** An event, or null when something may have been missed. */
export type EventListener = (event: EngineEvent | null) => void;

const beginLimitMs: DurationMs = 10_000;
/** A local socket is cheap to knock at. */
const longestWaitMs: DurationMs = 5_000;
/** A connection that held this long was a good one. */
const goodAfterMs: DurationMs = 10_000;
const overlapMs: DurationMs = 2_000;

export class EventStream {
  readonly #client: EngineClient;
  readonly #listeners = new Set<EventListener>();
  #stop: AbortController | null = null;
  #lastAt: Ms | null = null;

  constructor(client: EngineClient) {
    this.#client = client;
  }

  /** Returns the end of it. */
  listen(listener: EventListener): () => void {
    this.#listeners.add(listener);
    if (this.#stop === null) {
      this.#stop = new AbortController();
      void this.#follow(this.#stop.signal);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#stop?.abort();
      this.#stop = null;
    };
  }

  async #follow(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      const begunAt = performance.now();
      await this.#readOnce(signal);
      this.#tell(null);
      failures = performance.now() - begunAt > goodAfterMs ? 1 : failures + 1;
      const waitMs = Math.min(longestWaitMs, waitAfter(failures, Math.random()));
      // Rejects only when the last listener has gone.
      await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #readOnce(signal: AbortSignal): Promise<void> {
    const since = Math.floor(((this.#lastAt ?? Date.now()) - overlapMs) / 1_000);
    try {
      const stream = await this.#client.open({ path: eventsPath(since), limitMs: beginLimitMs, signal });
      stream.socket.setKeepAlive(true, 30_000);
      this.#tell(null);
      for await (const line of linesOf(stream)) {
        const event = parseEvent(line);
        if (event === null) continue;
        this.#lastAt = event.at;
        this.#tell(event);
      }
    } catch {
      // The daemon is away or has ended the stream. Whoever asks it for a container says so; here only trying again helps.
    }
  }

  #tell(event: EngineEvent | null): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
