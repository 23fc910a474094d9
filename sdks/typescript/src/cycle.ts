import { durationMs, type Duration } from "./duration.ts";
import type { Facts, Reporter } from "./reporter.ts";

/** One turn of the agent's loop. What is told to it goes out in the beat that ends the turn. */
export class Cycle {
  /** Counts from 1 in each loop. */
  readonly number: number;
  /** Cycles are compared with their own kind: set it where cheap polls and dear actions share a loop. */
  kind: string | undefined;

  readonly #reporter: Reporter;
  readonly #startedMs: number;
  #message: string | undefined;
  #progress: string | undefined;
  #error: string | undefined;

  constructor(reporter: Reporter, number: number, kind: string | undefined) {
    this.#reporter = reporter;
    this.number = number;
    this.kind = kind;
    this.#startedMs = reporter.world.monotonicMs();
  }

  /** Counts what a call used: a provider's usage object (Anthropic, OpenAI, AI SDK, Gemini, Bedrock, Ollama), its whole answer, or our own row. */
  usage(usage: unknown, named: { provider?: string; model?: string } = {}): void {
    this.#reporter.usage(usage, named);
  }

  /** Counts tokens of which no more is known than their number. */
  tokens(number: number): void {
    this.#reporter.tokens(number);
  }

  /** One line for people; the last one of a turn is kept. */
  message(text: string): void {
    this.#message = text;
  }

  /** A value that changes when the work gets on; a watcher can be told to mind when it does not. */
  progress(value: string | number): void {
    this.#progress = String(value);
  }

  /** A tool call; its arguments never leave the process, only a digest of them. */
  tool(name: string, args?: unknown): void {
    this.#reporter.tool(name, args);
  }

  /** The turn failed: its beat says `error`, and the loop goes on. */
  error(error: unknown): void {
    this.#error = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }

  /** Beats now, from this loop, and asks for patience: nothing will be heard for up to this long. The next beat ends it. */
  async lease(duration: Duration, reason?: string): Promise<void> {
    const ms = durationMs(duration);
    if (ms === null) this.#reporter.grumbler.once("lease", `the lease "${duration}" is no duration and is ignored`);
    const parcel = this.#reporter.beat({
      ...this.place(),
      status: "ok",
      lease_s: ms === null ? undefined : ms / 1000,
      lease_reason: reason,
    });
    await this.#reporter.answered(parcel);
  }

  /** Where a beat from inside this turn comes from. */
  place(): Pick<Facts, "cycle" | "cycle_kind"> {
    return { cycle: this.number, cycle_kind: this.kind === "" ? undefined : this.kind?.slice(0, 64) };
  }

  /** What the beat that ends this turn says. */
  closing(): Facts {
    return {
      ...this.place(),
      status: this.#error === undefined ? "ok" : "error",
      cycle_ms: Math.max(0, Math.round(this.#reporter.world.monotonicMs() - this.#startedMs)),
      message: this.#error ?? this.#message,
      progress: this.#progress,
      metrics: this.#reporter.memory(),
    };
  }
}
