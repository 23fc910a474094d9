import type { Beat, BeatStatus, ToolCall, Usage } from "@midwatch/core";
import { Fields, isObject, kindOf, MAX_COUNT, preview, type FieldError } from "./fields.ts";

export type ParsedBeat =
  { readonly ok: true; readonly beat: Beat } | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Bounds of one beat on the wire, for documentation and for those who build beats. */
export const BEAT_LIMITS = {
  nameLength: 128,
  idLength: 128,
  kindLength: 64,
  progressLength: 256,
  /** Longer messages are cut, not refused. */
  messageLength: 2_000,
  leaseReasonLength: 500,
  usageRows: 64,
  tools: 64,
  metrics: 64,
} as const;

const NAME = /^[\p{L}\p{N}._\-/:@]+$/u;

/** The words of the wire; three of them say the same. */
const STATUSES: Readonly<Record<string, BeatStatus>> = {
  ok: "ok",
  warning: "warning",
  error: "error",
  starting: "starting",
  shutting_down: "shutting_down",
  shutdown: "shutting_down",
  stopping: "shutting_down",
  stopped: "stopped",
  exited: "exited",
  paused: "paused",
};

/**
 * Parses the body of one beat. Every wrong field is named, nothing is coerced, unknown fields are ignored, `null` means absent. Never throws.
 *
 * `ts` is in seconds, as `time.time()` gives it. Without `tokens_used` the tokens are input plus output of `usage`. The
 * reported cost is `cost_usd`, else the sum of the rows of `usage` if each of them has one; else null, and whoever
 * stores the beat prices the rows.
 */
export function parseBeat(value: unknown): ParsedBeat {
  const fields = new Fields();
  if (!isObject(value)) {
    fields.fault("", `a beat must be a JSON object, not ${kindOf(value)}`);
    return { ok: false, errors: fields.errors };
  }
  const usage = readUsage(fields, value["usage"]);
  const beat: Beat = {
    agent: readAgentName(fields, value["agent"], "agent") ?? "",
    status: readStatus(fields, value["status"]),
    tokens: fields.count(value["tokens_used"], "tokens_used") ?? usageTokens(fields, usage),
    costUsdMicros: fields.dollars(value["cost_usd"], "cost_usd") ?? usageCost(usage),
    ts: readTimestamp(fields, value["ts"]),
    runId: fields.name(value["run_id"], "run_id", BEAT_LIMITS.idLength),
    instance: fields.name(value["instance"], "instance", BEAT_LIMITS.idLength),
    seq: fields.count(value["seq"], "seq"),
    cycle: fields.count(value["cycle"], "cycle"),
    cycleKind: fields.name(value["cycle_kind"], "cycle_kind", BEAT_LIMITS.kindLength),
    cycleMs: rounded(fields.number(value["cycle_ms"], "cycle_ms", { min: 0, max: MAX_COUNT })),
    usage,
    intervalMs: fields.seconds(value["interval_s"], "interval_s", 1),
    everyMs: fields.seconds(value["every_s"], "every_s", 0),
    leaseMs: fields.seconds(value["lease_s"], "lease_s", 0),
    leaseReason: fields.words(value["lease_reason"], "lease_reason", BEAT_LIMITS.leaseReasonLength),
    message: fields.words(value["message"], "message", BEAT_LIMITS.messageLength),
    progress: fields.name(value["progress"], "progress", BEAT_LIMITS.progressLength),
    tools: readTools(fields, value["tools"]),
    metrics: readMetrics(fields, value["metrics"]),
  };
  return fields.errors.length === 0 ? { ok: true, beat } : { ok: false, errors: fields.errors };
}

/** A required agent name: 1–128 letters (of any script), digits and `. _ - / : @`; `.` and `..` mean something else in a URL. */
export function readAgentName(fields: Fields, value: unknown, path: string): string | null {
  if (value === undefined || value === null) {
    return fields.fault(path, 'is required: the agent\'s unique name, such as "my-agent"');
  }
  const name = fields.name(value, path, BEAT_LIMITS.nameLength);
  if (name !== null && !isAgentName(name)) {
    return fields.fault(
      path,
      `may hold only letters, digits and . _ - / : @, and not be "." or ".."; got ${preview(name)}`,
    );
  }
  return name;
}

export function isAgentName(name: string): boolean {
  return name.length <= BEAT_LIMITS.nameLength && NAME.test(name) && name !== "." && name !== "..";
}

function readStatus(fields: Fields, value: unknown): BeatStatus {
  if (value === undefined || value === null) return "ok";
  const status = typeof value === "string" && Object.hasOwn(STATUSES, value) ? STATUSES[value] : undefined;
  if (status !== undefined) return status;
  fields.fault("status", `must be one of ${Object.keys(STATUSES).join(", ")}; got ${preview(value)}`);
  return "ok";
}

/** The last second of the year 9999; what is beyond was meant as milliseconds. */
const LAST_TIMESTAMP_S = 253_402_300_799;

function readTimestamp(fields: Fields, value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "number" && value > LAST_TIMESTAMP_S) {
    return fields.fault("ts", `must be in seconds since 1970, got ${value}; divide milliseconds by 1000`);
  }
  if (typeof value === "string") {
    return fields.fault("ts", "must be a number of seconds since 1970, not a string");
  }
  return rounded(times1000(fields.number(value, "ts", { min: 0, max: LAST_TIMESTAMP_S })));
}

function readUsage(fields: Fields, value: unknown): readonly Usage[] {
  const rows = fields.list(value, "usage", BEAT_LIMITS.usageRows);
  if (rows.length === 0) return [];
  return rows.map((row, index) => readUsageRow(fields, row, `usage[${index}]`));
}

function readUsageRow(fields: Fields, value: unknown, path: string): Usage {
  const row = fields.object(value, path) ?? {};
  if (value === null) fields.fault(path, "must be an object, not null");
  const count = (name: string): number => fields.count(row[name], `${path}.${name}`) ?? 0;
  return {
    provider: fields.name(row["provider"], `${path}.provider`, BEAT_LIMITS.idLength),
    model: fields.name(row["model"], `${path}.model`, BEAT_LIMITS.idLength),
    inputTokens: count("input_tokens"),
    outputTokens: count("output_tokens"),
    cacheReadTokens: count("cache_read_tokens"),
    cacheWriteTokens: count("cache_write_tokens"),
    reasoningTokens: count("reasoning_tokens"),
    // A row that does not say how many calls it stands for stands for one.
    calls: fields.count(row["calls"], `${path}.calls`) ?? 1,
    costUsdMicros: fields.dollars(row["cost_usd"], `${path}.cost_usd`),
  };
}

function usageTokens(fields: Fields, usage: readonly Usage[]): number {
  let sum = 0;
  for (const row of usage) sum += row.inputTokens + row.outputTokens;
  if (sum > MAX_COUNT) fields.fault("usage", `must add up to at most 10^12 tokens, got ${sum}`);
  return sum;
}

function usageCost(usage: readonly Usage[]): number | null {
  if (usage.length === 0) return null;
  let sum = 0;
  for (const row of usage) {
    if (row.costUsdMicros === null) return null;
    sum += row.costUsdMicros;
  }
  return sum;
}

function readTools(fields: Fields, value: unknown): readonly ToolCall[] {
  const tools = fields.list(value, "tools", BEAT_LIMITS.tools);
  if (tools.length === 0) return [];
  return tools.map((tool, index) => {
    const path = `tools[${index}]`;
    if (!isObject(tool)) fields.fault(path, `must be an object with a name, not ${kindOf(tool)}`);
    const row = isObject(tool) ? tool : { name: "" };
    const name = isObject(tool) ? fields.name(row["name"], `${path}.name`, BEAT_LIMITS.nameLength) : null;
    if (isObject(tool)) fields.required(name, row["name"], `${path}.name`);
    return { name: name ?? "", argsHash: fields.name(row["args_hash"], `${path}.args_hash`, BEAT_LIMITS.idLength) };
  });
}

const NO_METRICS: Readonly<Record<string, number>> = {};

function readMetrics(fields: Fields, value: unknown): Readonly<Record<string, number>> {
  const given = fields.object(value, "metrics");
  if (given === null) return NO_METRICS;
  const entries = Object.entries(given);
  if (entries.length > BEAT_LIMITS.metrics) {
    fields.fault("metrics", `must hold at most ${BEAT_LIMITS.metrics} numbers, got ${entries.length}`);
    return NO_METRICS;
  }
  const metrics = new Map<string, number>();
  for (const [key, entry] of entries) {
    if (fields.name(key, "metrics", BEAT_LIMITS.kindLength) === null) continue;
    const number = fields.number(entry, `metrics.${key}`, { min: -Number.MAX_VALUE, max: Number.MAX_VALUE });
    if (number !== null) metrics.set(key, number);
  }
  // `fromEntries` defines properties, so that a metric called `__proto__` is data and nothing else.
  return Object.fromEntries(metrics);
}

function times1000(value: number | null): number | null {
  return value === null ? null : value * 1000;
}

function rounded(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
