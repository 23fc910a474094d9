import { readAgentName, BEAT_LIMITS } from "./beat-parser.ts";
import { MAX_TIME_MS } from "./batch-parser.ts";
import { Fields, isObject, kindOf, type FieldError, type JsonObject } from "./fields.ts";
import type { MeterCall } from "./meter-link.ts";

/** One call from a meter's spool. A bad one is refused by itself: were it to refuse the batch, the spool would never get past it. */
export type SpooledCall =
  | { readonly is: "call"; readonly n: number; readonly agent: string; readonly call: MeterCall }
  | { readonly is: "refused"; readonly n: number; readonly errors: readonly FieldError[] };

export interface ParsedMeterItems {
  readonly sentAt: number;
  readonly spool: string;
  /** In order of `n`. */
  readonly items: readonly SpooledCall[];
}

export type ParsedMeterBatch =
  | { readonly ok: true; readonly batch: ParsedMeterItems }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/** Bounds of what a meter says; the meter itself keeps within them. */
export const METER_LIMITS = {
  items: 1_000,
  keyLength: 200,
  nameLength: 128,
  hashLength: 128,
  sessionLength: 200,
  tools: 64,
  remarks: 5,
  /** Longer remarks are cut, not refused. */
  remarkLength: 200,
} as const;

const TIME = { min: 0, max: MAX_TIME_MS } as const;

/** Parses what a metering proxy sends: `MeterBatch`. Never throws. */
export function parseMeterBatch(value: unknown): ParsedMeterBatch {
  const fields = new Fields();
  if (!isObject(value)) {
    fields.fault("", `must be a JSON object, not ${kindOf(value)}`);
    return { ok: false, errors: fields.errors };
  }
  const sent = fields.number(value["sent_at"], "sent_at", TIME);
  const sentAt = fields.required(sent, value["sent_at"], "sent_at");
  const named = fields.name(value["spool"], "spool", BEAT_LIMITS.idLength);
  const spool = fields.required(named, value["spool"], "spool");
  const items: SpooledCall[] = [];
  let last = 0;
  for (const [index, entry] of fields.list(value["items"], "items", METER_LIMITS.items).entries()) {
    const n = isObject(entry) ? fields.count(entry["n"], `items[${index}].n`) : null;
    if (n === null || !isObject(entry)) {
      fields.fault(`items[${index}]`, "must be an object with the number n of its place in the spool");
      continue;
    }
    if (n <= last) fields.fault(`items[${index}].n`, `must rise, got ${n} after ${last}`);
    last = n;
    items.push(readItem(entry, n, index));
  }
  if (fields.errors.length > 0 || sentAt === null || spool === null) return { ok: false, errors: fields.errors };
  return { ok: true, batch: { sentAt, spool, items } };
}

function readItem(entry: JsonObject, n: number, index: number): SpooledCall {
  const fields = new Fields(`items[${index}].`);
  const agent = readAgentName(fields, entry["agent"], "agent");
  const given = fields.required(fields.object(entry["call"], "call"), entry["call"], "call");
  const call = given === null ? null : readCall(fields, given);
  if (agent === null || call === null || fields.errors.length > 0) return { is: "refused", n, errors: fields.errors };
  return { is: "call", n, agent, call };
}

function readCall(fields: Fields, given: JsonObject): MeterCall {
  const must = <T>(name: string, value: T | null): T | null => fields.required(value, given[name], `call.${name}`);
  const count = (name: string): number => must(name, fields.count(given[name], `call.${name}`)) ?? 0;
  const name = (key: string, most: number): string | null => fields.name(given[key], `call.${key}`, most);
  const outcome = fields.oneOf(given["outcome"], "call.outcome", ["ok", "failed", "aborted"]);
  return {
    key: must("key", name("key", METER_LIMITS.keyLength)) ?? "",
    at: must("at", fields.number(given["at"], "call.at", TIME)) ?? 0,
    provider: name("provider", METER_LIMITS.nameLength),
    model: name("model", METER_LIMITS.nameLength),
    input_tokens: count("input_tokens"),
    output_tokens: count("output_tokens"),
    cache_read_tokens: count("cache_read_tokens"),
    cache_write_tokens: count("cache_write_tokens"),
    reasoning_tokens: count("reasoning_tokens"),
    cost_usd_micros: fields.count(given["cost_usd_micros"], "call.cost_usd_micros"),
    outcome: must("outcome", outcome) ?? "ok",
    estimated: must("estimated", fields.flag(given["estimated"], "call.estimated")) ?? false,
    tools: readTools(fields, given["tools"]),
    prompt_hash: name("prompt_hash", METER_LIMITS.hashLength),
    session: name("session", METER_LIMITS.sessionLength),
    remarks: fields
      .list(given["remarks"], "call.remarks", METER_LIMITS.remarks)
      .map((one, index) => fields.words(one, `call.remarks[${index}]`, METER_LIMITS.remarkLength) ?? ""),
  };
}

function readTools(fields: Fields, value: unknown): MeterCall["tools"] {
  return fields.list(value, "call.tools", METER_LIMITS.tools).map((one, index) => {
    const path = `call.tools[${index}]`;
    const tool = fields.object(one, path) ?? {};
    const name = fields.name(tool["name"], `${path}.name`, METER_LIMITS.nameLength);
    return {
      name: fields.required(name, tool["name"], `${path}.name`) ?? "",
      args_hash: fields.name(tool["args_hash"], `${path}.args_hash`, METER_LIMITS.hashLength),
    };
  });
}
