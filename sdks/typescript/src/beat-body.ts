import { MAX_TOOLS, type Status, type ToolCall } from "./fields.ts";
import { mergeRows } from "./tally.ts";
import { MAX_COUNT, type UsageRow } from "./usage-shapes.ts";

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
  readonly interval_s?: number | undefined;
  readonly every_s?: number | undefined;
  readonly lease_s?: number | undefined;
  readonly lease_reason?: string | undefined;
  readonly message?: string | undefined;
  readonly progress?: string | undefined;
  readonly tools?: readonly ToolCall[] | undefined;
  readonly metrics?: Readonly<Record<string, number>> | undefined;
}

/**
 * Folds an older beat into the next one. Allowed only while neither was ever sent: a beat that may have been counted must
 * never be counted again inside another. The newer one's facts win; what was used adds up.
 */
export function foldBeats(older: BeatBody, newer: BeatBody): BeatBody {
  const usage = mergeRows(older.usage ?? [], newer.usage ?? []);
  const tools = [...(older.tools ?? []), ...(newer.tools ?? [])].slice(-MAX_TOOLS);
  return {
    ...newer,
    tokens_used: Math.min(MAX_COUNT, older.tokens_used + newer.tokens_used),
    usage: usage.length === 0 ? undefined : usage,
    tools: tools.length === 0 ? undefined : tools,
  };
}

/** What remains of a beat that the server finds fault with: who says it, and its tokens. It was not kept, so it may be changed. */
export function plainBeat(beat: BeatBody): BeatBody {
  const { agent, status, tokens_used, ts, run_id, instance, seq } = beat;
  return { agent, status, tokens_used, ts, run_id, instance, seq };
}
