// What tokens cost, and the multiplication. US dollars for a million tokens are micro-dollars for one, so that nothing has to be
// converted. A class of tokens without a rate of its own belongs to the class around it: cached input to input, reasoning to output.

import type { CallTokens } from "@midwatch/core";

/** Micro-dollars per token: the same for all, or by the size of the call's input. */
export type Rate = number | TieredRate;

export interface TieredRate {
  readonly base: number;
  /** Rising. The last one whose `above` the input exceeds holds for every token of the call. */
  readonly tiers: readonly { readonly above: number; readonly rate: number }[];
}

export interface TokenRates {
  readonly input: Rate | null;
  readonly output: Rate | null;
  readonly cacheRead: Rate | null;
  readonly cacheWrite: Rate | null;
  readonly reasoning: Rate | null;
  /** Micro-dollars for each call, whatever its size. */
  readonly perCall: number;
}

/** 10¹⁵, a thousand million dollars: the most that a cost can be on the wire, and exact in a double. */
const maxCost = 1e15;

/**
 * Micro-dollars, rounded once. Null when tokens of a class were used that has no rate, or when a count is none: what is
 * not known is not free.
 *
 * @param calls How many calls the tokens are the sum of. Tiers are chosen by one call's share: that a minute of calls used a
 * million tokens says nothing of the size of each.
 */
export function costOf(rates: TokenRates, tokens: CallTokens, calls: number): number | null {
  const { inputTokens, outputTokens } = tokens;
  if (!areCounts(tokens)) return null;
  if (inputTokens === 0 && outputTokens === 0) return 0;
  const number = calls >= 1 ? calls : 1;
  const size = inputTokens / number;
  // Parts that are larger than the whole are cut to it, as nobody can tell which of the two is wrong.
  const read = rates.cacheRead === null ? 0 : Math.min(tokens.cacheReadTokens, inputTokens);
  const write = rates.cacheWrite === null ? 0 : Math.min(tokens.cacheWriteTokens, inputTokens - read);
  const reasoning = rates.reasoning === null ? 0 : Math.min(tokens.reasoningTokens, outputTokens);
  const plainInput = inputTokens - read - write;
  const plainOutput = outputTokens - reasoning;
  if ((rates.input === null && plainInput > 0) || (rates.output === null && plainOutput > 0)) return null;
  const cost =
    plainInput * rateFor(rates.input, size) +
    read * rateFor(rates.cacheRead, size) +
    write * rateFor(rates.cacheWrite, size) +
    plainOutput * rateFor(rates.output, size) +
    reasoning * rateFor(rates.reasoning, size) +
    number * rates.perCall;
  return Math.min(maxCost, Math.round(cost));
}

function rateFor(rate: Rate | null, size: number): number {
  if (rate === null) return 0;
  if (typeof rate === "number") return rate;
  let found = rate.base;
  for (const tier of rate.tiers) if (size > tier.above) found = tier.rate;
  return found;
}

function areCounts(tokens: CallTokens): boolean {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens } = tokens;
  const isUsed = isCount(inputTokens) && isCount(outputTokens) && isCount(reasoningTokens);
  return isUsed && isCount(cacheReadTokens) && isCount(cacheWriteTokens);
}

function isCount(count: number): boolean {
  return Number.isFinite(count) && count >= 0;
}
