import { randomUUID } from "node:crypto";
import type { CallTokens } from "@midwatch/core";
import { METER_LIMITS, type MeterCall } from "@midwatch/protocol";
import type { RequestFacts } from "./request-facts.ts";
import type { Tally } from "./tally.ts";

export interface CallEnd {
  readonly at: number;
  readonly provider: string;
  /** Of the request's path, where that names it. */
  readonly pathModel: string | null;
  readonly request: RequestFacts;
  readonly tally: Tally;
  /** The provider's status; null when no answer of its own began. */
  readonly status: number | null;
  /** The answer, the provider's or ours, reached its end, and the client was there to see it. */
  readonly isWhole: boolean;
  /** Told in a header, in micro-dollars. */
  readonly headerCost: number | null;
  readonly remarks: readonly string[];
}

/** Some servers number their answers from a thousand numbers; such an id names nothing. */
const leastIdLength = 20;
/** A rule of thumb for English; it is marked as a guess wherever it goes. */
const charactersPerToken = 4;

/** What one call used, as the server is told. */
export function finishedCall(end: CallEnd): MeterCall {
  const { tally, request } = end;
  const remarks = [...end.remarks];
  const counted = countedTokens(end, remarks);
  const { id } = tally;
  const isNamed = id !== null && id.length >= leastIdLength && id.length <= METER_LIMITS.keyLength;
  return {
    key: isNamed ? id : `meter-${randomUUID()}`,
    at: end.at,
    provider: end.provider,
    model: tally.model ?? request.model ?? end.pathModel,
    input_tokens: counted.tokens.inputTokens,
    output_tokens: counted.tokens.outputTokens,
    cache_read_tokens: counted.tokens.cacheReadTokens,
    cache_write_tokens: counted.tokens.cacheWriteTokens,
    reasoning_tokens: counted.tokens.reasoningTokens,
    cost_usd_micros: tally.costUsdMicros ?? end.headerCost,
    outcome: outcomeOf(end),
    estimated: counted.isEstimated,
    tools: tally.tools.calls().map(({ name, argsHash }) => ({ name, args_hash: argsHash })),
    prompt_hash: request.promptHash,
    session: request.session,
    remarks: remarks.slice(0, METER_LIMITS.remarks),
  };
}

function outcomeOf({ status, tally, isWhole }: CallEnd): MeterCall["outcome"] {
  if (status === null) return isWhole ? "failed" : "aborted";
  if (status >= 400 || tally.isFailed) return "failed";
  // Many clients leave as soon as they have read the last word of a stream.
  return isWhole || (tally.isComplete && tally.usage !== null) ? "ok" : "aborted";
}

function countedTokens(
  end: CallEnd,
  remarks: string[],
): { readonly tokens: CallTokens; readonly isEstimated: boolean } {
  const { tally, request, status, isWhole } = end;
  const known = tally.usage ?? nothingUsed;
  if (tally.usage !== null && known.cacheReadTokens + known.cacheWriteTokens > known.inputTokens)
    remarks.push("cached tokens exceed the input");
  if (tally.usage !== null && tally.isComplete) return { tokens: known, isEstimated: false };
  // A refused request uses nothing, and neither does one that never reached the provider.
  const isRefused = (status === null && isWhole) || (status ?? 0) >= 400 || tally.isFailed;
  if (isRefused) return { tokens: known, isEstimated: false };
  remarks.push(isWhole ? "the answer told no usage" : "it was cut off before its usage was told");
  return {
    tokens: {
      ...known,
      inputTokens: tally.usage === null ? guessOf(request.textLength) : known.inputTokens,
      outputTokens: Math.max(known.outputTokens, guessOf(tally.textLength)),
    },
    isEstimated: true,
  };
}

const nothingUsed: CallTokens = {
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

function guessOf(characters: number): number {
  return Math.ceil(characters / charactersPerToken);
}
