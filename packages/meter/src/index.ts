// Passes LLM traffic through and counts a copy.

export { startMeter } from "./meter.ts";
export type { MeterOptions, RunningMeter } from "./options.ts";
export { MeterError, type MeterErrorCode } from "./failure.ts";
