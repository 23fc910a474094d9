import { parseBeat, type ParsedBeat } from "./beat-parser.ts";
import { Fields, isObject, kindOf, MAX_COUNT, type FieldError } from "./fields.ts";

/** Most beats in one batch. */
export const MAX_BATCH = 10_000;

/** One beat of a batch: parsed or refused by itself, so that a bad one does not take the others along. */
export interface BatchedBeat {
  readonly parsed: ParsedBeat;
  /** When a relay received it, in milliseconds of the relay's clock; null when it comes at its time. */
  readonly receivedAt: number | null;
  /** The body as it was sent, for a digest. */
  readonly body: unknown;
}

export type ParsedBatch =
  | { readonly ok: true; readonly sentAt: number | null; readonly beats: readonly BatchedBeat[] }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * Parses `{ "beats": […] }`; `{ "heartbeats": […] }` and a bare list are the same, because clients of an older service send
 * those. `sent_at` of the batch and `received_at` of a beat are milliseconds since 1970 by the sender's clock. Never throws.
 */
export function parseBatch(value: unknown): ParsedBatch {
  const fields = new Fields();
  const body = isObject(value) ? value : { beats: value };
  const name = body["beats"] === undefined && body["heartbeats"] !== undefined ? "heartbeats" : "beats";
  if (!Array.isArray(body[name])) {
    fields.fault("beats", `a batch must be { "beats": [ … ] }, got ${kindOf(body[name] ?? value)}`);
    return { ok: false, errors: fields.errors };
  }
  const list = fields.list(body[name], name, MAX_BATCH);
  const sentAt = fields.number(body["sent_at"], "sent_at", { min: 0, max: MAX_TIME_MS });
  if (fields.errors.length > 0) return { ok: false, errors: fields.errors };
  return { ok: true, sentAt, beats: list.map(parseBatched) };
}

/** Far enough for any clock that runs, near enough for a Date. */
export const MAX_TIME_MS = 253 * MAX_COUNT;

function parseBatched(body: unknown): BatchedBeat {
  const parsed = parseBeat(body);
  if (!isObject(body) || body["received_at"] === undefined) return { parsed, receivedAt: null, body };
  const fields = new Fields();
  const receivedAt = fields.number(body["received_at"], "received_at", { min: 0, max: MAX_TIME_MS });
  if (fields.errors.length === 0) return { parsed, receivedAt, body };
  const errors = parsed.ok ? fields.errors : [...parsed.errors, ...fields.errors];
  return { parsed: { ok: false, errors }, receivedAt: null, body };
}
