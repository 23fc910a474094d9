// The way to the server: one loop empties the spool, another waits for a change in who may call. Both try again for ever; calls pass
// meanwhile all the same, by the standings that were known last.

import { setTimeout as pause } from "node:timers/promises";
import type { MeterBatch, Standings } from "@midwatch/protocol";
import { describeError, MeterError } from "../failure.ts";
import { isObject } from "../reading/json.ts";
import type { Spool } from "../spool/spool.ts";
import { standingsIn, type StandingBoard } from "../standings/standings.ts";
import { callServer, type ServerAddress } from "./http-call.ts";

export interface LinkOptions {
  readonly server: ServerAddress;
  readonly meterId: string;
  readonly spool: Spool;
  readonly board: StandingBoard;
  readonly log: (line: string) => void;
}

const batchItems = 1_000;
const callMs = 15_000;
const pollS = 20;
const pollMarginMs = 10_000;
/** A server that does not let us wait must not be asked in a circle. */
const leastPollMs = 100;
const firstRetryMs = 250;
const longestRetryMs = 10_000;
/** After a refusal only a person can help; it is looked at again now and then. */
const refusedWaitMs = 30_000;
const lastCallMs = 2_000;

export class Link {
  readonly #options: LinkOptions;
  readonly #path: string;
  readonly #stop = new AbortController();
  #isAway = false;
  #saidAway = false;
  #hasAgreed = false;
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#path = `/api/v1/meters/${encodeURIComponent(options.meterId)}`;
  }

  open(): void {
    this.#loops = Promise.all([this.#deliver(), this.#watch()]);
  }

  /** The last try to reach the server has failed, or it has let somebody wait too long. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Whoever waited for the server has given up on it; it counts as away until it answers. */
  countAsAway(): void {
    this.#isAway = true;
  }

  #isClosing(): boolean {
    return this.#stop.signal.aborted;
  }

  async #deliver(): Promise<void> {
    const { spool } = this.#options;
    let failures = 0;
    while (!this.#isClosing()) {
      if (this.#hasAgreed && spool.ready <= spool.acknowledged) await this.#change();
      if (this.#isClosing()) return;
      const before = spool.acknowledged;
      const sent = await this.#sendBatch(this.#stop.signal);
      const advanced = sent.ok && (sent.items === 0 || spool.acknowledged > before);
      failures = advanced ? 0 : failures + 1;
      if (!advanced) await this.#pause(sent.ok || sent.retryable ? retryAfter(failures) : refusedWaitMs);
    }
  }

  /** Until there is something to send. */
  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#options.spool.onceChanged(() => resolve(undefined));
    const onAbort = (): void => resolve(undefined);
    this.#stop.signal.addEventListener("abort", onAbort, { once: true });
    await promise;
    this.#stop.signal.removeEventListener("abort", onAbort);
    cancel();
  }

  async #sendBatch(
    signal: AbortSignal,
  ): Promise<{ readonly ok: true; readonly items: number } | { readonly ok: false; readonly retryable: boolean }> {
    const { server, spool, board } = this.#options;
    try {
      const isFirst = !this.#hasAgreed;
      const upto = spool.ready;
      const items = isFirst ? [] : [...(await spool.read(spool.acknowledged, batchItems))];
      const batch: MeterBatch = { sent_at: Date.now(), spool: spool.id, items };
      const answer = batchAnswerIn(
        await callServer(server, { path: `${this.#path}/batch`, body: batch, limitMs: callMs, signal }),
      );
      // Before the acknowledgement: whoever waits for that is judged by what it has led to.
      board.take(answer.standings);
      if (isFirst) await spool.agree(answer.upto);
      // Nothing could be read although something is there: its lines are damaged, and waiting does not mend them.
      else await spool.acknowledge(items.length === 0 ? upto : answer.upto);
      this.#hasAgreed = true;
      this.#reached();
      return { ok: true, items: isFirst ? 0 : items.length };
    } catch (error) {
      return { ok: false, retryable: this.#failed(error) };
    }
  }

  async #watch(): Promise<void> {
    const { server, board } = this.#options;
    let failures = 0;
    while (!this.#isClosing()) {
      try {
        const known = board.rev === null ? "" : `known=${encodeURIComponent(board.rev)}&`;
        const path = `${this.#path}/standings?${known}wait_s=${pollS}`;
        const limitMs = pollS * 1_000 + pollMarginMs;
        const standings = standingsIn(
          await callServer(server, { path, body: null, limitMs, signal: this.#stop.signal }),
        );
        if (standings === null) throw notOurs();
        failures = 0;
        board.take(standings);
        this.#reached();
        await this.#pause(leastPollMs);
      } catch (error) {
        failures += 1;
        await this.#pause(this.#failed(error) ? retryAfter(failures) : refusedWaitMs);
      }
    }
  }

  #reached(): void {
    this.#isAway = false;
    if (this.#saidAway) this.#options.log("the server is back; the calls it missed are being delivered");
    this.#saidAway = false;
  }

  /** True when trying again soon may help. */
  #failed(error: unknown): boolean {
    if (this.#isClosing()) return true;
    this.#isAway = true;
    if (!this.#saidAway) {
      this.#saidAway = true;
      this.#options.log(`${describeError(error)}. Calls pass all the same, and what they used is kept for it.`);
    }
    return !(error instanceof MeterError) || error.retryable;
  }

  async #pause(ms: number): Promise<void> {
    // Closing ends the pause, which is all that can go wrong with it.
    await pause(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => undefined);
  }

  /** Ends both loops, and delivers what it can within two seconds. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#loops;
    const { spool } = this.#options;
    const limit = AbortSignal.timeout(lastCallMs);
    while (!this.#isAway && spool.ready > spool.acknowledged && !limit.aborted) {
      const before = spool.acknowledged;
      const wasAgreed = this.#hasAgreed;
      const sent = await this.#sendBatch(limit);
      if (!sent.ok || (wasAgreed && spool.acknowledged === before)) return;
    }
  }
}

function batchAnswerIn(answer: unknown): { readonly upto: number; readonly standings: Standings } {
  const given = isObject(answer) ? answer : {};
  const standings = standingsIn(given["standings"]);
  const { upto } = given;
  if (standings === null || typeof upto !== "number" || !Number.isSafeInteger(upto)) throw notOurs();
  return { upto, standings };
}

function notOurs(): MeterError {
  return new MeterError(
    "server_refused",
    "what answers there is not a Midwatch server of this version; check the address",
  );
}

/** Doubles up to ten seconds, and is spread, so that many meters do not come back to a server all at once. */
function retryAfter(failures: number): number {
  const full = Math.min(longestRetryMs, firstRetryMs * 2 ** Math.min(failures - 1, 10));
  return Math.round(full * (0.5 + Math.random() / 2));
}
