import { mergeRows } from "./tally.ts";
import { MAX_COUNT, type UsageRow } from "./usage-shapes.ts";

/** What an agent can say of itself. `starting`, `paused`, `stopped` and `exited` are mostly said by the loop's iterator. */
export type Status = "ok" | "warning" | "error" | "starting" | "shutting_down" | "stopped" | "exited" | "paused";

export interface ToolCall {
  readonly name: string;
  readonly args_hash?: string;
}

/** One beat as it goes over the wire; what is undefined is not sent. */
export interface BeatBody {
  readonly agent: string;
  readonly status: Status;
  readonly tokens_used: number;
  /** Seconds since 1970 by this machine's clock. */
  readonly ts: number;
  readonly run_id: string;
  readonly instance: string;
  readonly seq: number;
  readonly cycle?: number | undefined;
  readonly cycle_kind?: string | undefined;
  readonly cycle_ms?: number | undefined;
  readonly usage?: readonly UsageRow[] | undefined;
  readonly cost_usd?: number | undefined;
  readonly interval_s?: number | undefined;
  readonly every_s?: number | undefined;
  readonly lease_s?: number | undefined;
  readonly lease_reason?: string | undefined;
  readonly message?: string | undefined;
  readonly progress?: string | undefined;
  readonly tools?: readonly ToolCall[] | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
}

/** Most tool calls in one beat; the newest are kept, because repetition shows in the last ones. */
export const MAX_TOOLS = 64;

/**
 * Folds an older beat into the next one. Allowed only while neither was ever sent: a beat that may have been counted must
 * never be counted again inside another. The newer one's facts win; what was used adds up.
 */
export function foldBeats(older: BeatBody, newer: BeatBody): BeatBody {
  const usage = mergeRows(older.usage ?? [], newer.usage ?? []);
  const tools = [...(older.tools ?? []), ...(newer.tools ?? [])].slice(-MAX_TOOLS);
  const cost = older.cost_usd === undefined ? newer.cost_usd : older.cost_usd + (newer.cost_usd ?? 0);
  return {
    ...newer,
    tokens_used: Math.min(MAX_COUNT, older.tokens_used + newer.tokens_used),
    usage: usage.length === 0 ? undefined : usage,
    tools: tools.length === 0 ? undefined : tools,
    cost_usd: cost,
  };
}

/** Text within the wire's bound, never cut through the middle of a character. */
export function cut(text: string, maxLength: number): string {
  return text.slice(0, maxLength).toWellFormed();
}
