// What an agent used, from its own beats and from calls that were metered outside its loop; each counted once.

import type { PricedCall } from "./call.ts";
import { tokensOf } from "./call.ts";
import { addUp, nothingSpent, type Spend } from "./budget.ts";
import { spendBudget } from "./budget-incidents.ts";
import { isJudged, judgeMetered } from "./cost-incidents.ts";
import type { AgentEvent } from "./event.ts";
import { claim, sourcesAt } from "./metering.ts";
import { judgeRepetition } from "./repetition-incidents.ts";
import { record, type Turn } from "./turn.ts";

/** Counts what a beat tells, unless a source outside the loop has told of it already. */
export function countBeat(turn: Turn, event: Extract<AgentEvent, { type: "beat" }>): Spend {
  const { state } = turn;
  const { beat, at, costUsdMicros } = event;
  if (beat.tokens === 0 && (costUsdMicros ?? 0) === 0) return nothingSpent;
  const claimed = claim(state.metering, { source: "beat", provider: null, at, since: state.lastBeatAt });
  // A cycle in which calls were metered is told of by them, however long ago the last one was.
  if (!claimed.counts || state.cost.metered > 0) return nothingSpent;
  state.metering = claimed.state;
  const spend = count(turn, beat.tokens, costUsdMicros);
  return costUsdMicros === null ? { ...spend, ...pricedPart(event) } : spend;
}

/** Of a beat that is unpriced as a whole, what is known all the same: a budget must not wait for the last price. */
function pricedPart({ beat, usageCosts = [] }: Extract<AgentEvent, { type: "beat" }>): Partial<Spend> {
  let [costUsdMicros, priced] = [0, 0];
  for (const [index, row] of beat.usage.entries()) {
    const cost = usageCosts[index] ?? null;
    if (cost === null) continue;
    costUsdMicros += cost;
    priced += tokensOf(row);
  }
  return { costUsdMicros, unpricedTokens: Math.max(0, beat.tokens - priced) };
}

/** True while a source outside the loop counts: what beats tell of tools is told by it, too. */
export function isMeteredOutside({ state, at }: Turn): boolean {
  return sourcesAt(state.metering, at).some((source) => source !== "beat");
}

/** Which of the metered calls were counted, in order, and what they come to. */
export interface Used {
  readonly counted: readonly boolean[];
  readonly spend: Spend;
}

export const nothingUsed: Used = { counted: [], spend: nothingSpent };

/** Counts metered calls, none of them seen before. */
export function onUsage(turn: Turn, { calls, at }: Extract<AgentEvent, { type: "usage" }>): Used {
  const { state } = turn;
  if (state.beatsTotal === 0 && Object.keys(state.metering).length === 0 && state.firstSeenAt === at) {
    record(turn, "registered", "its first metered call came");
  }
  let total = nothingSpent;
  const counted = calls.map((priced) => {
    const claimed = claim(state.metering, { ...priced.call, at: Math.min(priced.call.at, at) });
    if (!claimed.counts) return false;
    state.metering = claimed.state;
    total = addUp(total, countCall(turn, priced));
    return true;
  });
  return { counted, spend: total };
}

function countCall(turn: Turn, { call, price }: PricedCall): Spend {
  const at = Math.min(call.at, turn.at);
  const tokens = tokensOf(call);
  const spend = count(turn, tokens, price?.costUsdMicros ?? null);
  judgeMetered(turn, tokens, at);
  judgeRepetition(turn, { tools: call.tools, promptHash: tokens > 0 ? call.promptHash : null }, isJudged(turn));
  spendBudget(turn, spend, at);
  return spend;
}

function count({ state }: Turn, tokens: number, costUsdMicros: number | null): Spend {
  state.tokensTotal += tokens;
  state.costUsdMicrosTotal += costUsdMicros ?? 0;
  return { tokens, costUsdMicros: costUsdMicros ?? 0, unpricedTokens: costUsdMicros === null ? tokens : 0 };
}
