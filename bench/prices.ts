// `npm run bench -- prices`: what pricing a call costs, of models that were seen before and of models that are new, beside the
// library of the price tables, which looks a model up each time. All in this process, in turns, the same calls for both.

import type { MeteredCall } from "@midwatch/core";
import { metered } from "@midwatch/protocol/otlp";
import { calcPrice } from "@pydantic/genai-prices";
import { createPricing } from "../packages/server/src/pricing/pricing.ts";
import { median, type Bench } from "./finding.ts";
import { printTable } from "./table.ts";

const rounds = 5;
const aimUs = 2;

const models = [
  ["openai", "gpt-5", "one price"],
  ["google", "gemini-2.5-pro", "tiers by size"],
  ["deepseek", "deepseek-chat", "a price by the hour"],
  ["openrouter", "anthropic/claude-sonnet-4.5", "the longest list"],
  [null, "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "no provider"],
  ["openai", "gpt-99-turbo", "unknown"],
] as const;

export const run: Bench = () => {
  const rows: string[][] = [];
  const hits: number[] = [];
  for (const [provider, model, what] of models) {
    const call = callOf(provider, model);
    const { priceCall } = createPricing();
    const [hit, library, miss] = inTurns([
      { calls: 20_000, price: () => priceCall(call) },
      { calls: 1_000, price: () => libraryPrice(call) },
      { calls: 300, price: () => createPricing().priceCall(call) },
    ]);
    hits.push(hit ?? Number.NaN);
    rows.push([`${model} (${what})`, ...[hit, miss, library].map((us = Number.NaN) => us.toFixed(us < 10 ? 2 : 0))]);
  }
  printTable("Microseconds per priced call", ["model", "seen before", "first seen", "the library alone"], rows);
  const slowest = Math.max(...hits);
  return Promise.resolve([
    {
      what: "pricing a call of a model that was seen before, at most",
      measured: `${slowest.toFixed(2)} µs`,
      aim: `less than ${aimUs} µs`,
      met: slowest < aimUs,
    },
  ]);
};

interface Course {
  readonly calls: number;
  readonly price: () => unknown;
}

/** Microseconds per call of each course: the median of its rounds, which are run in turns after one to warm up. */
function inTurns(courses: readonly Course[]): readonly number[] {
  const times = courses.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { calls, price }] of courses.entries()) {
      const from = performance.now();
      for (let i = 0; i < calls; i += 1) price();
      if (round > 0) times[index]?.push(((performance.now() - from) / calls) * 1_000);
    }
  }
  return times.map(median);
}

function libraryPrice(call: MeteredCall): unknown {
  const usage = {
    input_tokens: call.inputTokens,
    output_tokens: call.outputTokens,
    cache_read_tokens: call.cacheReadTokens,
  };
  const where = call.provider === null ? {} : { providerId: call.provider };
  return calcPrice(usage, call.model ?? "", { ...where, timestamp: new Date(call.at) });
}

function callOf(provider: string | null, model: string): MeteredCall {
  const tokens = { inputTokens: 12_000, outputTokens: 700, cacheReadTokens: 9_000 };
  return metered({ key: "call", at: Date.UTC(2026, 10, 1, 12), source: "proxy", provider, model, ...tokens });
}
