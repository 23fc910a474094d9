import type { MeteredCall } from "@midwatch/core";

const nothing = {
  provider: null,
  model: null,
  calls: 1,
  inputTokens: 0,
  outputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
  costUsdMicros: null,
  outcome: "ok",
  isEstimated: false,
  tools: [],
  promptHash: null,
  trace: null,
  session: null,
  remarks: [],
} as const satisfies Partial<MeteredCall>;

/** A call of which only this is known. Keys are at most 200 characters long. */
export function metered(known: Pick<MeteredCall, "key" | "at" | "source"> & Partial<MeteredCall>): MeteredCall {
  return { ...nothing, ...known, key: known.key.slice(0, 200) };
}
