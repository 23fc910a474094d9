import type { MeteredCall, PricedCall } from "../call.ts";

let made = 0;

/** A priced call of 100 tokens for a cent, but for what is given. Each has a key of its own. */
export function pricedCall(over: Partial<MeteredCall> & { readonly cost?: number | null } = {}): PricedCall {
  made += 1;
  const { cost = 10_000, ...call } = over;
  return {
    call: {
      key: `call-${made}`,
      at: 0,
      source: "proxy",
      provider: "openai",
      model: "gpt-5",
      inputTokens: 90,
      outputTokens: 10,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      calls: 1,
      costUsdMicros: null,
      outcome: "ok",
      isEstimated: false,
      tools: [],
      promptHash: null,
      trace: null,
      session: null,
      remarks: [],
      ...call,
    },
    price: cost === null ? null : { costUsdMicros: cost, by: "table", version: "test 1" },
  };
}
