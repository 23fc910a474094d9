/**
 * The agent's loop, as an iterator.
 *
 * | moment | beat |
 * |---|---|
 * | on entry | `starting` |
 * | a turn ends | `ok`, or `error` when the turn said so |
 * | the server says pause | `paused`, again and again from here, until it says continue |
 * | the server says stop | `stopped`, and the iterator ends |
 * | a shutdown was announced | `stopped` closes the turn, and the iterator ends |
 * | the body leaves by itself | nothing yet: an outer `try` may start the loop again |
 * | the process ends after that, or in the middle of a turn | `error` if an exception ended it, then `exited` |
 *
 * JavaScript does not tell an iterator whether its body left by `break` or by an exception. Calling both `stopped` would hide
 * crashes, and calling both `exited` at once would report each `break`; so the end of the process decides. Whoever breaks on purpose says
 * `watch.stopped()` before; whoever catches an exception outside says `cycle.error(error)` and throws it on.
 */

import { closingOf, Cycle, placeOf, type Turn } from "./cycle.ts";
import type { Parcel } from "./delivery.ts";
import { describe, textOf } from "./fields.ts";
import { mourners, type Mourner } from "./last-words.ts";
import { CONTINUE, type Facts, type Reporter } from "./reporter.ts";
import { listenForShutdown, type Listener } from "./signals.ts";

export interface LoopOptions {
  readonly everyMs: number;
  readonly kind: string | undefined;
}

/** How often a held loop asks whether it may go on, at most. */
const HOLD_MS = 5_000;
/**
 * The loop waits for the answer to its beat for at most this part of the turn, so that a directive already on its way comes
 * before the next turn, and a quick loop is not slowed.
 */
const PART_OF_TURN = 1 / 20;

export class Loop implements Mourner, Listener {
  readonly #reporter: Reporter;
  readonly #options: LoopOptions;
  #turn: Turn | null = null;
  /** The last word was spoken: nothing more to say, save for usage that came late. */
  #stopped = false;
  #paused: Parcel | null = null;
  #nextStartMs = Number.NEGATIVE_INFINITY;
  #nap = new AbortController();
  #left = false;

  constructor(reporter: Reporter, options: LoopOptions) {
    this.#reporter = reporter;
    this.#options = options;
  }

  /** No further turn will come, and its last word was spoken. */
  get isDone(): boolean {
    return this.#left && this.#stopped;
  }

  async *turns(onEnter: () => void): AsyncGenerator<Cycle, void, undefined> {
    onEnter();
    const unlisten = listenForShutdown(this);
    try {
      if (this.#reporter.ending === null) await this.#start();
      else this.#stopped = true;
      while (await this.#mayTurn()) {
        const turn = this.#begin();
        yield new Cycle(this.#reporter, turn);
        await this.#end(turn);
      }
    } finally {
      unlisten();
      this.#leave();
    }
  }

  /** Says at once that the agent will end, and makes the loop end after its turn. */
  announce(reason: string): Parcel | null {
    const reporter = this.#reporter;
    if (reporter.ending !== null || this.#stopped) return null;
    const place = this.#turn === null ? {} : placeOf(this.#turn);
    const parcel = reporter.beat({ ...place, status: "shutting_down", message: textOf("message", reason) });
    reporter.ending = reason;
    this.wake();
    return parcel;
  }

  /** Says the last word at once; it closes an open turn. */
  stop(reason: string | undefined): Parcel | null {
    if (this.#stopped) return null;
    return this.#sayLast("stopped", textOf("message", reason));
  }

  sayLastWords(error: unknown): void {
    if (this.#stopped) return;
    if (error !== null) {
      const facts = this.#turn === null ? {} : closingOf(this.#turn, this.#reporter);
      this.#turn = null;
      this.#reporter.beat({ ...facts, status: "error", message: textOf("message", describe(error)) });
    }
    this.#sayLast("exited", undefined);
  }

  /** Another loop takes over: this one is not to be mourned, and the turn it left open is forgotten; its usage is not. */
  supersede(): void {
    this.#turn = null;
    this.#stopped = true;
    mourners.delete(this);
    this.wake();
  }

  /** Ends a wait of the loop, so that it looks around. */
  wake(): void {
    this.#nap.abort();
  }

  async #start(): Promise<void> {
    const reporter = this.#reporter;
    reporter.everyMs = this.#options.everyMs === 0 ? null : this.#options.everyMs;
    // A stop that ended an earlier loop of this process is over once a new one is entered.
    if (reporter.directive.kind === "stop") reporter.directive = CONTINUE;
    const parcel = reporter.beat({ status: "starting" });
    if (parcel !== null) mourners.add(this);
    // Once with full patience, before anything is spent: an agent whose budget is used up learns it here.
    await reporter.answered(parcel);
  }

  #begin(): Turn {
    const startedMs = this.#reporter.world.monotonicMs();
    const number = ++this.#reporter.turnsBegun;
    this.#nextStartMs = startedMs + this.#options.everyMs;
    const nothing = { message: undefined, progress: undefined, error: undefined };
    return (this.#turn = { number, startedMs, kind: this.#options.kind, ...nothing });
  }

  /** Waits until the next turn may begin: its time has come and nobody holds the loop. False when there is none. */
  async #mayTurn(): Promise<boolean> {
    const reporter = this.#reporter;
    for (;;) {
      if (this.#stopped) return false;
      if (reporter.ending !== null || reporter.directive.kind === "stop") {
        await reporter.answered(this.stop(reporter.ending ?? undefined));
        return false;
      }
      const leftMs = this.#nextStartMs - reporter.world.monotonicMs();
      if (reporter.directive.kind === "pause") await this.#hold();
      else if (leftMs <= 0) return true;
      else await this.#sleep(leftMs);
    }
  }

  /** One beat of a held loop, and a wait before the next one. */
  async #hold(): Promise<void> {
    const reporter = this.#reporter;
    // One on its way is enough: a queue of them would say no more.
    if (this.#paused === null || this.#paused.settled) {
      this.#paused = reporter.beat({ status: "paused" });
      await reporter.answered(this.#paused);
    }
    if (reporter.directive.kind !== "pause") return;
    await this.#sleep(Math.min(HOLD_MS, reporter.settings.intervalMs ?? HOLD_MS));
  }

  async #sleep(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (this.#stopped || this.#reporter.ending !== null) return;
    await this.#reporter.world.sleep(ms, { signal: this.#nap.signal, holdsProcess: true });
  }

  async #end(turn: Turn): Promise<void> {
    const reporter = this.#reporter;
    if (this.#stopped) return;
    if (reporter.ending !== null) {
      await reporter.answered(this.stop(reporter.ending));
      return;
    }
    const facts = closingOf(turn, reporter);
    this.#turn = null;
    await reporter.answered(reporter.beat({ ...facts, ...this.#longWait() }), (facts.cycle_ms ?? 0) * PART_OF_TURN);
  }

  /** A pace slower than the promise is a wait that the server is told of. */
  #longWait(): { readonly lease_s?: number; readonly lease_reason?: string } {
    const waitMs = this.#nextStartMs - this.#reporter.world.monotonicMs();
    const { intervalMs } = this.#reporter.settings;
    if (intervalMs === null || waitMs <= intervalMs) return {};
    return { lease_s: Math.round(waitMs) / 1000, lease_reason: "waiting for its next turn" };
  }

  #sayLast(status: "stopped" | "exited", reason: string | undefined): Parcel | null {
    const facts: Partial<Facts> = this.#turn === null ? {} : closingOf(this.#turn, this.#reporter);
    this.#turn = null;
    this.#stopped = true;
    mourners.delete(this);
    this.wake();
    return this.#reporter.beat({ ...facts, status, message: reason ?? facts.message });
  }

  /** The iterator is done: by itself, or because the body left. */
  #leave(): void {
    const reporter = this.#reporter;
    this.#left = true;
    if (this.#stopped) {
      if (reporter.owes) reporter.beat({ status: "stopped" });
    } else if (this.#turn?.error !== undefined) {
      reporter.beat(closingOf(this.#turn, reporter));
      this.#turn = null;
    } else if (reporter.ending !== null) this.stop(reporter.ending);
  }
}
