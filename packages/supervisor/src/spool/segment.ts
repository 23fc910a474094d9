import { open, readFile, truncate } from "node:fs/promises";
import type { SpoolItem } from "@midwatch/protocol";
import { decodeLine } from "./line.ts";

/** One file of the spool; its name is the number of the first item it holds. */
export interface Segment {
  readonly path: string;
  readonly first: number;
  /** The number of its last item; `first − 1` while it is empty. */
  last: number;
  bytes: number;
  /** Where the last read ended, so that the next one need not search from the beginning. */
  mark: { readonly after: number; readonly offset: number };
}

export function emptySegment(path: string, first: number): Segment {
  return { path, first, last: first - 1, bytes: 0, mark: { after: 0, offset: 0 } };
}

export function segmentName(first: number): string {
  return `${String(first).padStart(16, "0")}.jsonl`;
}

export function firstOf(name: string): number | null {
  const digits = /^(\d{16})\.jsonl$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/**
 * Reads what a crash left. With `cut`, everything after the last whole line is removed, so that the next line does not
 * fuse with half of an old one. Damaged lines between whole ones stay where they are and are passed over.
 */
export async function recoverSegment(path: string, first: number, cut: boolean): Promise<Segment> {
  const bytes = await readFile(path);
  let good = 0;
  let last = first - 1;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start);
    if (end < 0) break;
    const item = decodeLine(bytes.toString("utf8", start, end));
    if (item) {
      good = end + 1;
      last = Math.max(last, item.n);
    }
    start = end + 1;
  }
  if (cut && good < bytes.length) await truncate(path, good);
  return { ...emptySegment(path, first), last, bytes: cut ? good : bytes.length };
}

export interface ReadLimit {
  readonly items: number;
  /** Of JSON; at least one item is always returned. */
  readonly bytes: number;
}

const readChunk = 256 * 1024;

/** Whole items with `after < n ≤ upto`, in order. */
export async function readSegment(
  segment: Segment,
  range: { readonly after: number; readonly upto: number },
  limit: ReadLimit,
): Promise<readonly { readonly item: SpoolItem; readonly bytes: number }[]> {
  const found: { item: SpoolItem; bytes: number }[] = [];
  let offset = segment.mark.after <= range.after ? segment.mark.offset : 0;
  let total = 0;
  for await (const line of linesFrom(segment.path, offset)) {
    const item = decodeLine(line.toString("utf8"));
    if (item && item.n > range.after) {
      total += line.length;
      const full = found.length >= limit.items || (found.length > 0 && total > limit.bytes);
      if (item.n > range.upto || full) break;
      found.push({ item, bytes: line.length });
    }
    offset += line.length + 1;
  }
  segment.mark = { after: found.at(-1)?.item.n ?? range.after, offset };
  return found;
}

/** Lines split at the newline byte alone: JSON may hold characters that a text reader takes for line ends. */
async function* linesFrom(path: string, offset: number): AsyncGenerator<Buffer> {
  const file = await open(path, "r");
  try {
    let rest: Buffer = Buffer.alloc(0);
    for (let position = offset; ;) {
      const chunk = Buffer.allocUnsafe(readChunk);
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      let start = 0;
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10, start)) {
        yield rest.subarray(start, end);
        start = end + 1;
      }
      rest = rest.subarray(start);
    }
  } finally {
    await file.close();
  }
}
