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
 * | the body leaves by itself | `exited` closes the turn |
 *
 * JavaScript does not tell an iterator whether its body left by `break` or by an exception. Calling both `stopped` would hide
 * crashes, so both are `exited`, which a person hears of; whoever breaks on purpose says `watch.stopped()` before.
 */

import { Cycle } from "./cycle.ts";
import type { Facts, Reporter } from "./reporter.ts";
import { listenForShutdown } from "./signals.ts";

export interface LoopOptions {
  readonly everyMs: number;
  readonly kind: string | undefined;
}

/** How long the end of a loop waits for its last beats. */
const LAST_WORDS_MS = 1_000;
const HOLD_MS = { least: 1_000, most: 10_000 } as const;

export class Loop {
  readonly #reporter: Reporter;
  readonly #options: LoopOptions;
  #number = 0;
  #cycle: Cycle | null = null;
  /** The last word was spoken: nothing more to say, save for usage that came late. */
  #stopped = false;
  #nextStartMs = Number.NEGATIVE_INFINITY;
  #nap = new AbortController();
  /** Nothing will come from this loop any more. */
  over = false;

  constructor(reporter: Reporter, options: LoopOptions) {
    this.#reporter = reporter;
    this.#options = options;
  }

  async *turns(): AsyncGenerator<Cycle, void, undefined> {
    const reporter = this.#reporter;
    const unlisten = reporter.settings.signals ? listenForShutdown((signal) => this.#onSignal(signal)) : null;
    try {
      if (reporter.ending === null) await this.#start();
      else this.#stopped = true;
      while (await this.#mayTurn()) {
        this.#cycle = new Cycle(reporter, ++this.#number, this.#options.kind);
        this.#nextStartMs = reporter.world.monotonicMs() + this.#options.everyMs;
        yield this.#cycle;
        await this.#endTurn(this.#cycle);
      }
    } finally {
      unlisten?.();
      this.#leave();
      await reporter.flush(LAST_WORDS_MS);
    }
  }

  /** Says at once that the agent will end, and makes the loop end after its turn. */
  announce(reason: string): ReturnType<Reporter["beat"]> {
    const reporter = this.#reporter;
    if (reporter.ending !== null || this.#stopped) return null;
    const parcel = reporter.beat({ ...this.#cycle?.place(), status: "shutting_down", message: reason });
    reporter.ending = reason;
    this.wake();
    return parcel;
  }

  /** Says the last word at once; it closes an open turn. */
  stop(reason: string | undefined): ReturnType<Reporter["beat"]> {
    if (this.#stopped) return null;
    this.#stopped = true;
    this.wake();
    const facts: Facts = this.#cycle?.closing() ?? { status: "stopped" };
    return this.#reporter.beat({ ...facts, status: "stopped", message: reason ?? facts.message });
  }

  /** Ends a wait of the loop, so that it looks around. */
  wake(): void {
    this.#nap.abort();
  }

  async #start(): Promise<void> {
    const reporter = this.#reporter;
    // A stop that ended an earlier loop of this process is over once a new one is entered.
    if (reporter.directive.kind === "stop") reporter.directive = { kind: "continue", reason: null, warning: null };
    await reporter.answered(reporter.beat({ status: "starting" }));
  }

  /** Waits until the next turn may begin: its time has come and nobody holds the loop. False when there is none. */
  async #mayTurn(): Promise<boolean> {
    const reporter = this.#reporter;
    for (;;) {
      if (this.#stopped) return false;
      if (reporter.ending !== null || reporter.directive.kind === "stop") {
        this.stop(reporter.ending ?? undefined);
        return false;
      }
      if (reporter.directive.kind === "pause") {
        await this.#hold();
        continue;
      }
      const leftMs = this.#nextStartMs - reporter.world.monotonicMs();
      if (leftMs <= 0) return true;
      await this.#sleep(leftMs);
    }
  }

  /** One beat of a held loop, and a wait before the next one. */
  async #hold(): Promise<void> {
    const reporter = this.#reporter;
    await reporter.answered(reporter.beat({ status: "paused" }));
    if (reporter.directive.kind !== "pause") return;
    const { intervalMs } = reporter.settings;
    await this.#sleep(Math.max(HOLD_MS.least, Math.min(HOLD_MS.most, intervalMs ?? HOLD_MS.most)));
  }

  async #sleep(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (this.#stopped || this.#reporter.ending !== null) return;
    await this.#reporter.world.sleep(ms, { signal: this.#nap.signal, holdsProcess: true });
  }

  async #endTurn(cycle: Cycle): Promise<void> {
    const reporter = this.#reporter;
    if (this.#stopped) return;
    const parcel = reporter.ending === null ? reporter.beat(cycle.closing()) : this.stop(reporter.ending);
    this.#cycle = null;
    await reporter.answered(parcel);
  }

  /** The last beat, if it was not yet spoken, and the tokens that came after it. */
  #leave(): void {
    const reporter = this.#reporter;
    const left = this.#cycle;
    this.#cycle = null;
    if (left !== null && !this.#stopped) {
      const facts = left.closing();
      if (facts.status === "error") reporter.beat(facts);
      const place = facts.status === "error" ? {} : facts;
      reporter.beat({ ...place, status: reporter.ending === null ? "exited" : "stopped" });
    } else if (reporter.owes) reporter.beat({ status: "stopped" });
    this.#stopped = true;
    this.over = true;
  }

  #onSignal(signal: NodeJS.Signals): void {
    this.#reporter.world.log(`${signal}: the loop ends after this turn; a second signal ends the process at once`);
    void this.announce(`received ${signal}`);
  }
}
