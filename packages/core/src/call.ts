import type { ToolCall } from "./beat.ts";
import type { Ms } from "./time.ts";

/**
 * Where a call was metered: by our proxy, or told by OpenTelemetry as a log event, as a span, or as the sum of a metric. The
 * most telling first.
 */
export const CALL_SOURCES = ["proxy", "log", "span", "metric"] as const;

export type CallSource = (typeof CALL_SOURCES)[number];

/**
 * - `ok`: answered whole.
 * - `failed`: the provider answered with an error.
 * - `aborted`: the client went away, or the answer broke off.
 */
export type CallOutcome = "ok" | "failed" | "aborted";

/** Tokens by class; integers from 0 to 10¹². */
export interface CallTokens {
  /** Includes cache tokens. */
  readonly inputTokens: number;
  /** Includes reasoning tokens. */
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
}

/** One LLM call (of a metric: the calls of one export interval), as it was metered from outside the agent's loop. */
export interface MeteredCall extends CallTokens {
  /**
   * The idempotency key, at most 200 characters: the provider's id of the answer, else trace and span, else what names it
   * once. The same key of the same agent is counted once, whichever way it comes.
   */
  readonly key: string;
  /** When it ended, by our clock where we saw it, else by the sender's. */
  readonly at: Ms;
  readonly source: CallSource;
  /** As the price tables spell it: `openai`, `anthropic`, `google`, …; null when nothing names it. */
  readonly provider: string | null;
  readonly model: string | null;
  /** How many calls it stands for: 1, save for metrics. */
  readonly calls: number;
  /** Reported by the provider or the client; null when nobody did. */
  readonly costUsdMicros: number | null;
  readonly outcome: CallOutcome;
  /** The usage is not known but guessed from the length of the texts. */
  readonly isEstimated: boolean;
  /** Tools that the answer asked to call. */
  readonly tools: readonly ToolCall[];
  /** A digest of the whole request, model and messages, to see the very same one again; null when there is none to see. */
  readonly promptHash: string | null;
  /** The trace it was told in, by which the sum of a trace is known to have been told of already; null elsewhere. */
  readonly trace: string | null;
  /** Conversation or session, as the client names it. */
  readonly session: string | null;
  /** What was odd about it, one short sentence each: "cached tokens exceed the input". At most 5. */
  readonly remarks: readonly string[];
}

/** What a call used in all. */
export function tokensOf({ inputTokens, outputTokens }: CallTokens): number {
  return inputTokens + outputTokens;
}

/** What a call cost, and who says so. */
export interface Price {
  readonly costUsdMicros: number;
  /**
   * - `reported`: by the provider or the client.
   * - `own`: from the price table in the settings.
   * - `table`: from the tables that ship with Midwatch.
   * - `local`: a model on the user's own machine that nobody gave a price; then the cost is 0.
   */
  readonly by: "reported" | "own" | "table" | "local";
  /** Names the table and its version, so that the cost can be computed anew; empty when it was reported. */
  readonly version: string;
}

/** A call and its price; null is unpriced, never 0. */
export interface PricedCall {
  readonly call: MeteredCall;
  readonly price: Price | null;
}
