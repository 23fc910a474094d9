import type { DurationMs, Ms } from "./time.ts";

/**
 * What an agent says of itself in a beat. `shutdown` and `stopping` on the wire are `shutting_down` here.
 * `paused` comes from an SDK that holds the loop where it is, beating from that loop.
 */
export type BeatStatus = "ok" | "warning" | "error" | "starting" | "shutting_down" | "stopped" | "exited" | "paused";

/** Usage of one model in one beat. Counts are integers from 0 to 10¹²; money is integer micro-dollars. */
export interface Usage {
  readonly provider: string | null;
  readonly model: string | null;
  /** Includes cache tokens. */
  readonly inputTokens: number;
  /** Includes reasoning tokens. */
  readonly outputTokens: number;
  readonly cacheReadTokens: number;
  readonly cacheWriteTokens: number;
  readonly reasoningTokens: number;
  readonly calls: number;
  /** As reported by the agent; null is "unpriced", never 0. */
  readonly costUsdMicros: number | null;
}

export interface ToolCall {
  readonly name: string;
  /** A digest of the canonical arguments, or null when the agent sent none. */
  readonly argsHash: string | null;
}

/** One beat, parsed. Every optional field of the wire is present here, null (or empty) when it was not sent. */
export interface Beat {
  readonly agent: string;
  readonly status: BeatStatus;
  /** What was used since this run's previous beat: `tokens_used`, or else the sum of `usage`. */
  readonly tokens: number;
  /** The reported cost of this beat; null when no cost was reported. */
  readonly costUsdMicros: number | null;
  /** The agent's own clock, in milliseconds. Stored and compared for skew, never used for a deadline. */
  readonly ts: Ms | null;
  readonly runId: string | null;
  /** Random per SDK object, so that forked children that share a run lose nothing. */
  readonly instance: string | null;
  readonly seq: number | null;
  readonly cycle: number | null;
  readonly cycleKind: string | null;
  /** How long the cycle took; its presence says that this beat ends a cycle. */
  readonly cycleMs: DurationMs | null;
  readonly usage: readonly Usage[];
  /** The promise: the longest time between two beats. */
  readonly intervalMs: DurationMs | null;
  /** The pace of the loop when no interval is promised: the learned interval is at least this. */
  readonly everyMs: DurationMs | null;
  readonly leaseMs: DurationMs | null;
  readonly leaseReason: string | null;
  readonly message: string | null;
  readonly progress: string | null;
  readonly tools: readonly ToolCall[];
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * How a beat is recognised when it comes twice: by its place in a run, else by a digest of its whole body
 * (only when it carries a `ts`), else not at all.
 */
export type BeatIdentity =
  | { readonly by: "seq"; readonly runId: string; readonly instance: string; readonly seq: number }
  | { readonly by: "body"; readonly digest: string }
  | { readonly by: "none" };
