export * from "./api.ts";
export type * from "./report-view.ts";
export * from "./supervisor-link.ts";
export * from "./meter-link.ts";
export { JSON_LIMITS, parseJson, type JsonErrorCode, type ParsedJson } from "./json.ts";
export type { FieldError } from "./fields.ts";
export { errorBody, invalidFields, notJson, tooLarge, type Refusal } from "./refusal.ts";
export { BEAT_LIMITS, isAgentName, parseBeat, type ParsedBeat } from "./beat-parser.ts";
export { beatIdentity, bodyDigest } from "./beat-identity.ts";
export { MAX_BATCH, parseBatch, type BatchedBeat, type ParsedBatch } from "./batch-parser.ts";
export {
  parseSupervisorBatch,
  type ParsedSupervisorBatch,
  type SpooledItem,
  type SupervisorBatch,
} from "./supervisor-batch-parser.ts";
export {
  METER_LIMITS,
  parseMeterBatch,
  type ParsedMeterBatch,
  type ParsedMeterItems,
  type SpooledCall,
} from "./meter-batch-parser.ts";
export { LIMIT_NAMES, limitsFromWire, limitsToWire, type WireLimits } from "./budget-limits.ts";
export { parseDuration, type ParsedDuration } from "./duration.ts";
export { redacted, redactText, redactVariable, secretValues } from "./redact.ts";
export { message } from "./message.ts";
export { jsonDigest, jsonTextDigest } from "./json-digest.ts";
export { isLoopbackName, nameInHost, reachableHost } from "./loopback.ts";
