import { OTLP_LIMITS, type AttributeValue, type LateValue } from "./records.ts";
import {
  bufferOf,
  eachField,
  Malformed,
  messageEnd,
  readInt64,
  readRange,
  readText,
  walkOver,
  type Walk,
} from "./protobuf-walk.ts";

/** Finds a wanted name by its bytes, so that no string is made of a name that nobody wants. */
export class NameFinder {
  readonly #byHash = new Map<number, { readonly bytes: Buffer; readonly name: string }[]>();

  constructor(names: Iterable<string>) {
    for (const name of names) {
      const bytes = Buffer.from(name, "utf8");
      const hash = hashOf(bytes, 0, bytes.length);
      this.#byHash.set(hash, [...(this.#byHash.get(hash) ?? []), { bytes, name }]);
    }
  }

  find(buffer: Buffer, start: number, end: number): string | undefined {
    const alike = this.#byHash.get(hashOf(buffer, start, end));
    return alike?.find(({ bytes }) => bytes.compare(buffer, start, end) === 0)?.name;
  }
}

/** Length, ends and every third byte in between: enough to tell a few hundred names apart; `find` compares anyway. */
function hashOf(buffer: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let at = end - 1; at >= start; at -= 3) hash = (hash * 31 + (buffer[at] ?? 0)) | 0;
  return hash;
}

/** Which attributes are decoded at once, which only when asked for; a null finder decodes every one. */
export interface Wanted {
  readonly names: NameFinder | null;
  readonly late: NameFinder;
}

/** Of resources and points: all of them together say whose they are. */
export const everyName: Wanted = { names: null, late: new NameFinder([]) };

/** Reads one KeyValue that begins here and adds it, if it is wanted and there is room. */
export function readAttribute(walk: Walk, end: number, wanted: Wanted, into: Map<string, AttributeValue>): void {
  const buffer = bufferOf(walk);
  let name: string | undefined;
  let late = false;
  let valueAt = -1;
  let valueEnd = -1;
  while (walk.pos < end) {
    const tag = walk.uint32();
    if (tag === 0x0a) {
      const key = readRange(walk, end);
      if (key.end - key.start > OTLP_LIMITS.keyLength) continue;
      name = wanted.late.find(buffer, key.start, key.end);
      late = name !== undefined;
      if (late) continue;
      name = wanted.names ? wanted.names.find(buffer, key.start, key.end) : buffer.toString("utf8", key.start, key.end);
    } else if (tag === 0x12) {
      const value = readRange(walk, end);
      valueAt = value.start;
      valueEnd = value.end;
    } else skipTag(walk, tag);
  }
  if (walk.pos !== end) throw new Malformed("an attribute is longer than it says");
  if (name === undefined || valueAt < 0 || into.size >= OTLP_LIMITS.attributes) return;
  if (late) {
    into.set(name, new LateBytes(buffer.subarray(valueAt, valueEnd)));
    return;
  }
  walk.pos = valueAt;
  const value = readScalar(walk, valueEnd);
  walk.pos = end;
  if (value !== null) into.set(name, value);
}

function skipTag(walk: Walk, tag: number): void {
  const wireType = tag & 7;
  if (wireType === 3 || wireType === 4 || wireType > 5) throw new Malformed("an attribute is no attribute");
  walk.skipType(wireType);
}

/** Text, a number or a flag; null for lists, maps and bytes, which none of the wanted names has. */
export function readScalar(walk: Walk, end: number): string | number | boolean | null {
  let value: string | number | boolean | null = null;
  while (walk.pos < end) {
    const tag = walk.uint32();
    if (tag === 0x0a) value = readText(walk, end, OTLP_LIMITS.stringLength);
    else if (tag === 0x10) value = walk.bool();
    else if (tag === 0x18) value = readInt64(walk);
    else if (tag === 0x21) value = walk.double();
    else skipTag(walk, tag);
  }
  if (walk.pos !== end) throw new Malformed("a value is longer than it says");
  return value;
}

class LateBytes implements LateValue {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Throws `Malformed` for bytes that are no value. */
  read(): unknown {
    const walk = walkOver(this.#bytes);
    return readAny(walk, this.#bytes.length, 0);
  }
}

function readAny(walk: Walk, end: number, depth: number): unknown {
  if (depth > OTLP_LIMITS.depth) throw new Malformed("values are nested too deep");
  let value: unknown = null;
  eachField(walk, end, (field, wireType) => {
    if (field === 1 && wireType === 2) value = walk.string();
    else if (field === 2 && wireType === 0) value = walk.bool();
    else if (field === 3 && wireType === 0) value = readInt64(walk);
    else if (field === 4 && wireType === 1) value = walk.double();
    else if (field === 5) value = readList(walk, messageEnd(walk, wireType, end), depth);
    else if (field === 6) value = readMap(walk, messageEnd(walk, wireType, end), depth);
    else return false;
    return true;
  });
  return value;
}

function readList(walk: Walk, end: number, depth: number): readonly unknown[] {
  const list: unknown[] = [];
  eachField(walk, end, (field, wireType) => {
    if (field !== 1) return false;
    list.push(readAny(walk, messageEnd(walk, wireType, end), depth + 1));
    return true;
  });
  return list;
}

function readMap(walk: Walk, end: number, depth: number): Readonly<Record<string, unknown>> {
  const entries: [string, unknown][] = [];
  eachField(walk, end, (field, wireType) => {
    if (field !== 1) return false;
    const entryEnd = messageEnd(walk, wireType, end);
    let key = "";
    let value: unknown = null;
    eachField(walk, entryEnd, (part, partType) => {
      if (part === 1 && partType === 2) key = walk.string();
      else if (part === 2) value = readAny(walk, messageEnd(walk, partType, entryEnd), depth + 1);
      else return false;
      return true;
    });
    entries.push([key, value]);
    return true;
  });
  return Object.fromEntries(entries);
}
