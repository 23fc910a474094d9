// What OpenTelemetry tells. On a path of its own: only the server reads it, and a supervisor or a command that loaded it would
// carry its 4 MB for nothing.

export { exportAnswer, statusAnswer, type OtlpAnswer } from "./otlp/answer.ts";
export { decodeTelemetry, type OtlpEncoding } from "./otlp/decode.ts";
export { logMeaning } from "./otlp/log-meaning.ts";
export { metricShares, type MetricShare, type MetricTarget } from "./otlp/metric-meaning.ts";
export { metered } from "./otlp/metered.ts";
export { Remarks } from "./otlp/remarks.ts";
export { cleanMicros } from "./otlp/reported-cost.ts";
export { spanMeaning, type SpanMeaning } from "./otlp/span-meaning.ts";
export {
  OTLP_LIMITS,
  type Attributes,
  type DecodedTelemetry,
  type LogRecord,
  type MetricPoint,
  type ResourceRecords,
  type Signal,
  type Span,
} from "./otlp/records.ts";
