import { nothingSpent, type AgentEvent, type Beat, type BeatOutcome, type Effect } from "@midwatch/core";
import type { BeatRecord } from "@midwatch/store";

/** False for a beat that told nothing of usage, or what another source had told already. */
export function isCounted({ spend }: BeatOutcome): boolean {
  return spend !== nothingSpent;
}

/** A beat as it is kept. */
export function beatRecord(event: Extract<AgentEvent, { type: "beat" }>, outcome: BeatOutcome): BeatRecord {
  const { beat } = event;
  return {
    at: event.at,
    ts: beat.ts,
    status: beat.status,
    runId: beat.runId,
    seq: beat.seq,
    cycle: beat.cycle,
    cycleKind: beat.cycleKind,
    cycleMs: beat.cycleMs,
    tokens: outcome.spend.tokens,
    cycleTokens: outcome.cycle?.tokens ?? 0,
    costUsdMicros: isCounted(outcome) ? event.costUsdMicros : 0,
    baseline: outcome.cycle?.baseline ?? null,
    late: outcome.place === "late",
    message: beat.message,
    memoryBytes: memoryOf(beat.metrics),
  };
}

/** A minute of an agent that never beats, in a row of its own beside beats. */
export function minuteRecord({ at, tokens, baseline }: Extract<Effect, { do: "keep-minute" }>): BeatRecord {
  return {
    at,
    ts: null,
    status: "metered",
    runId: null,
    seq: null,
    cycle: null,
    cycleKind: null,
    cycleMs: null,
    tokens: 0,
    cycleTokens: tokens,
    costUsdMicros: null,
    baseline,
    late: false,
    message: null,
    memoryBytes: null,
  };
}

const megabyte = 1_000_000;
/** No machine has more; what is beyond was a mistake. */
const mostBytes = 1e15;

/** Both SDKs tell their process's resident memory as `rss_mb`, in millions of bytes. */
function memoryOf({ rss_mb: resident }: Beat["metrics"]): number | null {
  if (resident === undefined || resident <= 0) return null;
  return Math.min(Math.round(resident * megabyte), mostBytes);
}
