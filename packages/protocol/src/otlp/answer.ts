import protobuf from "protobufjs/minimal.js";
import type { OtlpEncoding } from "./decode.ts";
import type { Signal } from "./records.ts";

const contentTypes: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: "application/x-protobuf",
  json: "application/json",
};

export interface OtlpAnswer {
  readonly contentType: string;
  readonly body: Uint8Array;
}

const rejectedNames: Readonly<Record<Signal, string>> = {
  traces: "rejectedSpans",
  metrics: "rejectedDataPoints",
  logs: "rejectedLogRecords",
};

/** An `Export…ServiceResponse`: empty when everything was taken, else how many records were not, and why. */
export function exportAnswer(
  encoding: OtlpEncoding,
  signal: Signal,
  refused: { readonly records: number; readonly message: string } | null,
): OtlpAnswer {
  const contentType = contentTypes[encoding];
  if (encoding === "json") {
    const { records = 0, message = "" } = refused ?? {};
    const partial = { [rejectedNames[signal]]: String(records), errorMessage: message };
    return { contentType, body: Buffer.from(JSON.stringify(refused === null ? {} : { partialSuccess: partial })) };
  }
  if (refused === null) return { contentType, body: new Uint8Array() };
  const partial = protobuf.Writer.create();
  partial.uint32(0x08).int64(refused.records).uint32(0x12).string(refused.message);
  return { contentType, body: protobuf.Writer.create().uint32(0x0a).bytes(partial.finish()).finish() };
}

/** A `google.rpc.Status`, which is how OTLP wants every refusal to be worded. */
export function statusAnswer(encoding: OtlpEncoding, code: number, message: string): OtlpAnswer {
  const contentType = contentTypes[encoding];
  if (encoding === "json") return { contentType, body: Buffer.from(JSON.stringify({ code, message })) };
  return { contentType, body: protobuf.Writer.create().uint32(0x08).int32(code).uint32(0x12).string(message).finish() };
}
