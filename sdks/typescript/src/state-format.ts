/**
 * The bytes of a state file: a header that says what follows, then that, so that a file cut or changed anywhere is known
 * for what it is.
 *
 *     {"midwatch_state":1,"generation":12,"saved_at":"2026-11-24T03:12:06.000Z","bytes":17,"sha256":"…","check":"…"}⏎
 *     {"position":1840}⏎
 *
 * `bytes` and `sha256` are of the payload, the JSON of the value, without its final newline. `check` is the first 16 hex digits of
 * the SHA-256 of the header before `,"check"`: without it a flipped bit in `generation` would make an old state the newest. A
 * header without a `check` is taken as well. A file that is nothing but JSON is legacy: an agent wrote it before it kept its
 * state here. The Python SDK writes and reads the same bytes; examples are in packages/protocol/golden/state/.
 */

import { createHash } from "node:crypto";

export type Content =
  | { readonly kind: "valid"; readonly generation: number; readonly savedAt: string; readonly value: unknown }
  | { readonly kind: "legacy"; readonly value: unknown }
  | { readonly kind: "newer"; readonly version: number }
  /** `reason` is a clause about "it"; `generation` as far as the header could be read. */
  | { readonly kind: "damaged"; readonly reason: string; readonly generation: number | null };

interface Header {
  readonly version: number;
  readonly generation: number;
  readonly savedAt: string;
  readonly bytes: number;
  readonly sha256: string;
}

const VERSION = 1;
/** Far beyond any real count, and with room above it: a damaged header must not use the numbers up. */
const MAX_GENERATION = 2 ** 52;
/** Enough for every header, also for one that a later version adds fields to. */
export const LONGEST_HEADER = 1_024;
const NEWLINE = 0x0a;
const CHECKED = /^(.*),"check":"([0-9a-f]{16})"\}$/su;

export function encodeState(payload: Uint8Array, generation: number, savedAt: string): Buffer {
  const facts = {
    midwatch_state: VERSION,
    generation,
    saved_at: savedAt,
    bytes: payload.byteLength,
    sha256: sha256(payload),
  };
  const body = JSON.stringify(facts).slice(0, -1);
  return Buffer.concat([Buffer.from(`${body},"check":"${checkOf(body)}"}\n`), payload, Buffer.from("\n")]);
}

export function decodeState(bytes: Uint8Array): Content {
  if (bytes.byteLength === 0) return damaged("it is empty");
  const end = bytes.indexOf(NEWLINE);
  const line = jsonOf(end === -1 ? bytes : bytes.subarray(0, end));
  if (!isHeaderLike(line)) {
    const whole = jsonOf(bytes);
    return whole === undefined ? damaged("it is neither a state file nor JSON") : { kind: "legacy", value: whole };
  }
  const generation = generationOf(line["generation"]);
  const header = end === -1 ? null : headerOf(bytes.subarray(0, end), line);
  if (header === null) return damaged("its header is damaged", generation);
  if (header.version !== VERSION) return { kind: "newer", version: header.version };
  const payload = bytes.subarray(end + 1, end + 1 + header.bytes);
  const length = bytes.byteLength - end - 1;
  if (length <= header.bytes)
    return damaged(`it is cut off: ${length} of ${header.bytes + 1} bytes are left`, generation);
  if (length !== header.bytes + 1 || bytes.at(-1) !== NEWLINE) return damaged("its end is damaged", generation);
  if (sha256(payload) !== header.sha256) return damaged("its checksum does not match", generation);
  const value = jsonOf(payload);
  if (value === undefined) return damaged("its content is no JSON", generation);
  return { kind: "valid", generation: header.generation, savedAt: header.savedAt, value };
}

/** The generation that a header claims, given the first bytes of a file; null when they hold none. */
export function claimedGeneration(start: Uint8Array): number | null {
  const end = start.indexOf(NEWLINE);
  const line = end === -1 ? undefined : jsonOf(start.subarray(0, end));
  return isHeaderLike(line) ? generationOf(line["generation"]) : null;
}

function damaged(reason: string, generation: number | null = null): Content {
  return { kind: "damaged", reason, generation };
}

function isHeaderLike(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && Object.hasOwn(value, "midwatch_state");
}

function headerOf(line: Uint8Array, fields: Readonly<Record<string, unknown>>): Header | null {
  if (Object.hasOwn(fields, "check")) {
    const [, body = "", check] = CHECKED.exec(Buffer.from(line).toString()) ?? [];
    if (check === undefined || check !== checkOf(body)) return null;
  }
  const { midwatch_state: version, saved_at: savedAt, bytes, sha256 } = fields;
  const generation = generationOf(fields["generation"]);
  if (!isCount(version) || generation === null || typeof savedAt !== "string") return null;
  if (!isCount(bytes) || typeof sha256 !== "string") return null;
  return { version, generation, savedAt, bytes, sha256 };
}

function generationOf(value: unknown): number | null {
  return isCount(value) && value <= MAX_GENERATION ? value : null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

/** The value, or undefined, which no JSON is. */
function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // Not UTF-8, or not JSON: the caller says what that means.
    return undefined;
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function checkOf(body: string): string {
  return sha256(Buffer.from(body)).slice(0, 16);
}
