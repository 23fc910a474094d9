import { nothingSpent, type AgentEvent, type BeatOutcome, type Effect } from "@midwatch/core";
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
  };
}
