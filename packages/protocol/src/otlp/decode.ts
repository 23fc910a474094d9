import { isUtf8 } from "node:buffer";
import { isObject } from "../fields.ts";
import { requestOf } from "./json-signals.ts";
import { readRequest } from "./protobuf-signals.ts";
import { Malformed, walkOver } from "./protobuf-walk.ts";
import { OTLP_LIMITS, type DecodedTelemetry, type Signal } from "./records.ts";

export type OtlpEncoding = "protobuf" | "json";

/** Decodes the body of one export request; never throws. */
export function decodeTelemetry(signal: Signal, encoding: OtlpEncoding, bytes: Uint8Array): DecodedTelemetry {
  return encoding === "json" ? decodeJson(signal, bytes) : decodeProtobuf(signal, bytes);
}

function decodeProtobuf(signal: Signal, bytes: Uint8Array): DecodedTelemetry {
  const room = { left: OTLP_LIMITS.records };
  try {
    const resources = readRequest(walkOver(bytes), bytes.length, signal, room);
    return { ok: true, resources, beyondLimit: Math.max(0, -room.left) };
  } catch (error) {
    // Ours, or one of the reader's for bytes that end too early: nothing else can go wrong on the way over bytes.
    const why = error instanceof Malformed || error instanceof Error ? error.message : String(error);
    return { ok: false, message: `the body is no protobuf message of ${signal}: ${why}` };
  }
}

function decodeJson(signal: Signal, bytes: Uint8Array): DecodedTelemetry {
  if (!isUtf8(bytes)) return { ok: false, message: "the body is not valid UTF-8" };
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8"));
  } catch (error) {
    return { ok: false, message: `the body is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (!isObject(body)) return { ok: false, message: "the body is not a JSON object" };
  const room = { left: OTLP_LIMITS.records };
  const resources = requestOf(body, signal, room);
  return { ok: true, resources, beyondLimit: Math.max(0, -room.left) };
}
