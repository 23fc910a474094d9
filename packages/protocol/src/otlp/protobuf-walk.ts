// A walk over protobuf bytes that decodes what is asked for and steps over the rest. The generated decoders of a library make
// an object for every field of every attribute; nearly all of that would be thrown away here.

import protobuf from "protobufjs/minimal.js";

export type Walk = protobuf.Reader;

/** The bytes are no message of the kind they should be. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

const lengthDelimited = 2;

export function walkOver(bytes: Uint8Array): Walk {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return protobuf.Reader.create(buffer);
}

/**
 * Calls `field` with the number of each field up to `end`. It returns true when it has read the field; what it leaves is
 * stepped over.
 */
export function eachField(walk: Walk, end: number, field: (number: number, wireType: number) => boolean): void {
  while (walk.pos < end) {
    const tag = walk.uint32();
    if (!field(tag >>> 3, tag & 7)) stepOver(walk, tag & 7);
  }
  if (walk.pos !== end) throw new Malformed("a field is longer than the message it is in");
}

/** Where the message that begins here ends. */
export function messageEnd(walk: Walk, wireType: number, outerEnd: number): number {
  if (wireType !== lengthDelimited) throw new Malformed("a message was expected and something else came");
  const length = walk.uint32();
  const end = walk.pos + length;
  if (end > outerEnd) throw new Malformed("a message is longer than the one it is in");
  return end;
}

function stepOver(walk: Walk, wireType: number): void {
  switch (wireType) {
    case 0:
      walk.skip();
      return;
    case 1:
      walk.skip(8);
      return;
    case lengthDelimited:
      walk.skip(walk.uint32());
      return;
    case 5:
      walk.skip(4);
      return;
    default:
      // Groups are in no message of OpenTelemetry, and skipping them is where decoders recurse.
      throw new Malformed(`wire type ${wireType} has no place in telemetry`);
  }
}

export function readText(walk: Walk, outerEnd: number, limit: number): string {
  const { start, end } = readRange(walk, outerEnd);
  // A character has at most four bytes, so nothing is decoded that would be cut off.
  return bufferOf(walk)
    .toString("utf8", start, Math.min(end, start + limit * 4))
    .slice(0, limit);
}

export function readHex(walk: Walk, outerEnd: number): string {
  const { start, end } = readRange(walk, outerEnd);
  return end - start > 32 ? "" : bufferOf(walk).toString("hex", start, end);
}

/** Steps over a length-delimited field and says where it is. */
export function readRange(walk: Walk, outerEnd: number): { readonly start: number; readonly end: number } {
  const length = walk.uint32();
  const start = walk.pos;
  if (start + length > outerEnd) throw new Malformed("a field is longer than the message it is in");
  walk.skip(length);
  return { start, end: start + length };
}

/** Nanoseconds since the epoch, as milliseconds. */
export function readNanos(walk: Walk): number {
  const low = walk.fixed32();
  return Math.floor((walk.fixed32() * 2 ** 32 + low) / 1e6);
}

export function readFixed64(walk: Walk): number {
  const low = walk.fixed32();
  return walk.fixed32() * 2 ** 32 + low;
}

export function readSignedFixed64(walk: Walk): number {
  const low = walk.fixed32();
  return walk.sfixed32() * 2 ** 32 + low;
}

export function readInt64(walk: Walk): number {
  const long = walk.int64() as unknown;
  return typeof long === "number" ? long : Number(String(long));
}

/** The walk was made over a Buffer, see `walkOver`. */
export function bufferOf(walk: Walk): Buffer {
  return walk.buf as Buffer;
}
