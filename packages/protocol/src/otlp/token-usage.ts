// Counts from attributes, made to mean one thing: input includes what came from the cache, output includes reasoning. Senders
// differ, and some are wrong. A count that cannot be is said and put right; it is never a reason to lose the call.

import type { CallTokens } from "@midwatch/core";
import { MAX_COUNT } from "../fields.ts";
import { countNames, type CountName } from "./attribute-names.ts";
import type { Attributes, AttributeValue } from "./records.ts";
import type { Remarks } from "./remarks.ts";

/**
 * - `usual`: cached tokens are part of the input, reasoning is part of the output.
 * - `disjoint-cache`: cached tokens stand beside the input (Claude Code).
 * - `gemini`: thoughts stand beside the output, and prompts of tool results beside the input (Gemini CLI).
 */
export type CountingHabit = "usual" | "disjoint-cache" | "gemini";

/** The usage that these attributes tell, or null when they tell none. */
export function tokenUsage(
  attributes: Attributes,
  given: { readonly habit: CountingHabit; readonly provider: string | null },
  remarks: Remarks,
): CallTokens | null {
  const count = (name: CountName): number | null => firstCount(attributes, name, remarks);
  const input = count("input");
  const output = count("output");
  const total = count("total");
  if (input === null && output === null && total === null) return null;
  const parts: Parts = {
    input: input ?? (output === null || total === null ? (total ?? 0) : Math.max(0, total - output)),
    output: output ?? (input === null || total === null ? 0 : Math.max(0, total - input)),
    cacheRead: count("cacheRead") ?? 0,
    cacheWrite: count("cacheWrite") ?? 0,
    reasoning: count("reasoning") ?? 0,
    toolInput: given.habit === "gemini" ? (count("toolInput") ?? 0) : 0,
  };
  if (input === null && output === null) remarks.add("only a total is told; all of it is taken as input");
  const known = input !== null && output !== null ? total : null;
  return within(reconciled(parts, known, given, remarks), remarks);
}

interface Parts {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
  readonly toolInput: number;
}

function reconciled(
  parts: Parts,
  total: number | null,
  given: { readonly habit: CountingHabit; readonly provider: string | null },
  remarks: Remarks,
): CallTokens {
  const { cacheRead: cacheReadTokens, cacheWrite: cacheWriteTokens, reasoning: reasoningTokens } = parts;
  const cached = cacheReadTokens + cacheWriteTokens;
  const apart = cacheIsApart(parts, total, given);
  if (apart && given.habit !== "disjoint-cache")
    remarks.add("cached tokens stood beside the input and were added to it");
  const inputTokens = parts.input + (apart ? cached : 0) + toolInputBeside(parts, total);
  const outputTokens = parts.output + (given.habit === "gemini" ? reasoningTokens : 0);
  if (total !== null && given.habit === "usual" && !apart && total !== inputTokens + outputTokens) {
    remarks.add(`the total says ${total}, its parts add up to ${inputTokens + outputTokens}`);
  }
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens };
}

/**
 * Whether cached tokens are not in the input yet. Some senders always count so; others give themselves away by a cache larger
 * than the input, from providers whose interfaces count so, or by a total that only adds up with the cache.
 */
function cacheIsApart(
  parts: Parts,
  total: number | null,
  { habit, provider }: { readonly habit: CountingHabit; readonly provider: string | null },
): boolean {
  const cached = parts.cacheRead + parts.cacheWrite;
  if (cached === 0 || habit === "gemini") return false;
  if (habit === "disjoint-cache") return true;
  if (total !== null && total === parts.input + parts.output + cached) return true;
  return cached > parts.input && (provider === "anthropic" || provider === "aws");
}

/** Prompts of tool results count as input, unless the total shows that they are in it already. */
function toolInputBeside(parts: Parts, total: number | null): number {
  return total !== null && total === parts.input + parts.output + parts.reasoning ? 0 : parts.toolInput;
}

/** No part larger than the whole it is part of. */
function within(tokens: CallTokens, remarks: Remarks): CallTokens {
  const inputTokens = Math.min(tokens.inputTokens, MAX_COUNT);
  const outputTokens = Math.min(tokens.outputTokens, MAX_COUNT);
  let { cacheReadTokens, cacheWriteTokens, reasoningTokens } = tokens;
  if (cacheReadTokens + cacheWriteTokens > inputTokens) {
    remarks.add("cached tokens exceed the input");
    cacheReadTokens = Math.min(cacheReadTokens, inputTokens);
    cacheWriteTokens = Math.min(cacheWriteTokens, inputTokens - cacheReadTokens);
  }
  if (reasoningTokens > outputTokens) {
    remarks.add("reasoning tokens exceed the output");
    reasoningTokens = outputTokens;
  }
  return { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens };
}

function firstCount(attributes: Attributes, name: CountName, remarks: Remarks): number | null {
  for (const attribute of countNames[name]) {
    const value = attributes.get(attribute);
    if (value === undefined) continue;
    const count = countOf(value, attribute, remarks);
    if (count !== null) return count;
  }
  return null;
}

/** An attribute as a count. This is the only door where text that spells a number is taken for it: Codex writes it so. */
function countOf(value: AttributeValue, name: string, remarks: Remarks): number | null {
  const number = typeof value === "string" && /^-?\d{1,18}(?:\.\d{1,9})?$/.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) {
    remarks.add(`${name} is no number`);
    return null;
  }
  if (number > MAX_COUNT) {
    remarks.add(`${name} is beyond any honest count and was left out`);
    return null;
  }
  if (number < 0) {
    remarks.add(`${name} is negative and was left out`);
    return null;
  }
  if (!Number.isInteger(number)) remarks.add(`${name} is no whole number`);
  return Math.floor(number);
}
