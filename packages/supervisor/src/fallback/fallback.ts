// Who tells the human? The server, as long as it can be reached: every decision of the supervisor is in the spool, and
// the server notifies of what it makes of it. Only when the fact behind a notification has not reached the server within a few
// seconds, or when there is no server, the supervisor delivers it through its own channel.
//
// When the server comes back it learns of everything and notifies of what is still open then. What waits here at that
// moment is dropped, so nothing is delivered twice by this side; what was delivered stays delivered. A person may so hear of
// the same open incident from both, once each: better than a hand-over in which neither speaks.

import type { DurationMs } from "@midwatch/core";
import type { Clock } from "../clock.ts";
import { describeError } from "../failure.ts";
import type { Notice, Notifier } from "./notice.ts";

export interface FallbackOptions {
  readonly notifier: Notifier;
  readonly clock: Clock;
  /** True when the server has stored the spool up to this number. */
  readonly serverHas: (fact: number) => boolean;
  /** False while the server is known not to answer: nothing is gained by waiting for it. */
  readonly serverReachable: () => boolean;
  /** Delivered, taken over by the server, or given up: no longer to be kept. */
  readonly onDone: (notice: Notice) => void;
  readonly log: (line: string) => void;
}

/** How long the server gets to take over a notification. */
const handoverMs: DurationMs = 10_000;
const firstRetryMs: DurationMs = 1_000;
const longestRetryMs: DurationMs = 5 * 60_000;
/** With the growing wait, a good day. */
const triesLimit = 300;
const waitingLimit = 500;
const lastDeliveryMs: DurationMs = 5_000;

interface Waiting {
  readonly notice: Notice;
  tries: number;
  cancel: () => void;
}

export class Fallback {
  readonly #options: FallbackOptions;
  readonly #waiting = new Map<string, Waiting>();
  readonly #delivering = new Set<Promise<void>>();
  #closed = false;

  constructor(options: FallbackOptions) {
    this.#options = options;
  }

  /** Takes a notification once; the same id again is the same notification. */
  add(notice: Notice): void {
    if (this.#waiting.has(notice.id) || this.#closed) return;
    if (this.#waiting.size >= waitingLimit) this.#dropOldest();
    const waiting: Waiting = { notice, tries: 0, cancel: () => undefined };
    this.#waiting.set(notice.id, waiting);
    const wait = notice.fact !== null && this.#options.serverReachable();
    this.#again(waiting, wait ? handoverMs : 0);
  }

  /** The link to the server has changed: looks again at what waits for it. */
  serverChanged(): void {
    for (const waiting of this.#waiting.values()) {
      if (this.#takenOver(waiting.notice)) this.#finish(waiting);
      else if (waiting.tries === 0 && !this.#options.serverReachable()) this.#again(waiting, 0);
    }
  }

  #again(waiting: Waiting, delayMs: DurationMs): void {
    waiting.cancel();
    waiting.cancel = this.#options.clock.after(delayMs, () => {
      const delivery = this.#deliver(waiting).finally(() => this.#delivering.delete(delivery));
      this.#delivering.add(delivery);
    });
  }

  async #deliver(waiting: Waiting): Promise<void> {
    const { notice } = waiting;
    if (this.#takenOver(notice)) {
      this.#finish(waiting);
      return;
    }
    waiting.tries += 1;
    try {
      await this.#options.notifier.notify(notice);
      this.#finish(waiting);
      return;
    } catch (error) {
      if (waiting.tries === 1 || waiting.tries >= triesLimit) {
        this.#options.log(
          `${notice.agent}: could not notify anybody of "${notice.title}": ${describeError(error)}. ` +
            (waiting.tries >= triesLimit ? "Given up." : "It is tried again; check the channel's settings."),
        );
      }
    }
    if (waiting.tries >= triesLimit) {
      this.#finish(waiting);
      return;
    }
    if (!this.#closed)
      this.#again(waiting, Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(waiting.tries - 1, 12)));
  }

  #takenOver({ fact }: Notice): boolean {
    return fact !== null && this.#options.serverHas(fact);
  }

  #finish(waiting: Waiting): void {
    waiting.cancel();
    if (this.#waiting.delete(waiting.notice.id)) this.#options.onDone(waiting.notice);
  }

  #dropOldest(): void {
    const [oldest] = this.#waiting.values();
    if (!oldest) return;
    this.#options.log(`${oldest.notice.agent}: too many notifications wait; "${oldest.notice.title}" is dropped`);
    this.#finish(oldest);
  }

  /**
   * Delivers what nobody has tried to deliver yet, within some seconds, and tries no more after that; what is left stays in the journal for the
   * next life.
   */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of this.#waiting.values()) {
      waiting.cancel();
      if (waiting.tries === 0) this.#delivering.add(this.#deliver(waiting));
    }
    const enough = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => enough.resolve(undefined), lastDeliveryMs);
    await Promise.race([Promise.allSettled(this.#delivering), enough.promise]);
    clearTimeout(timer);
  }
}
