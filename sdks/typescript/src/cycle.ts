import { durationMs, type Duration } from "./duration.ts";
import { describe, textOf } from "./fields.ts";
import type { Facts, Reporter } from "./reporter.ts";

/** What is known of a turn that has not ended. */
export interface Turn {
  readonly number: number;
  readonly startedMs: number;
  kind: string | undefined;
  message: string | undefined;
  progress: string | undefined;
  error: string | undefined;
}

/** One turn of the agent's loop. What is told to it goes out in the beat that ends the turn; only `lease` beats at once. */
export class Cycle {
  readonly #reporter: Reporter;
  readonly #turn: Turn;

  constructor(reporter: Reporter, turn: Turn) {
    this.#reporter = reporter;
    this.#turn = turn;
  }

  /** Counts from 1. */
  get number(): number {
    return this.#turn.number;
  }

  /** Counts what a call used: a provider's usage object (Anthropic, OpenAI, AI SDK, Gemini, Bedrock, Ollama) or its whole answer. Adds up. */
  usage(usage: unknown): void {
    this.#reporter.usage(usage);
  }

  /** Counts tokens of which no more is known than their number. Adds up. */
  tokens(count: number): void {
    this.#reporter.tokens(count);
  }

  /** A tool call; its arguments never leave the process, only a digest of them. */
  tool(name: string, args?: unknown): void {
    this.#reporter.tool(name, args);
  }

  /** One line for people, at most 2,000 letters; the last one of a turn is kept. */
  message(text: string): void {
    this.#turn.message = textOf("message", text);
  }

  /** A value that changes when the work gets on; a watcher can be told to mind when it does not. */
  progress(value: string | number): void {
    this.#turn.progress = textOf("progress", value);
  }

  /** Names the kind of this turn, such as `poll` or `act`: its cost is judged among its like. */
  kind(kind: string): void {
    this.#turn.kind = textOf("cycle_kind", kind);
  }

  /** The turn failed: its beat says `error`. Three of them in a row open an incident; the loop goes on. */
  error(error: unknown): void {
    this.#turn.error = textOf("message", describe(error));
  }

  /**
   * Beats now, from this loop, and asks for patience: nothing will be heard for up to this long (seconds, or a text such as
   * `"10m"`). The next beat ends it.
   */
  async lease(duration: Duration, reason?: string): Promise<void> {
    const ms = durationMs(duration);
    if (ms === null) this.#reporter.grumbler.once("lease", `the lease "${duration}" is no duration and is ignored`);
    const lease = ms === null ? {} : { lease_s: ms / 1000, lease_reason: textOf("lease_reason", reason) };
    await this.#reporter.answered(this.#reporter.beat({ ...placeOf(this.#turn), status: "ok", ...lease }));
  }
}

/** Where a beat from inside this turn comes from. */
export function placeOf(turn: Turn): Pick<Facts, "cycle" | "cycle_kind"> {
  return { cycle: turn.number, cycle_kind: turn.kind };
}

/** What the beat that ends this turn says. */
export function closingOf(turn: Turn, reporter: Reporter): Facts {
  return {
    ...placeOf(turn),
    status: turn.error === undefined ? "ok" : "error",
    cycle_ms: Math.max(0, Math.round(reporter.world.monotonicMs() - turn.startedMs)),
    message: turn.error ?? turn.message,
    progress: turn.progress,
    metrics: reporter.memory(),
  };
}
