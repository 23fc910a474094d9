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
  return { path, first, last, bytes: cut ? good : bytes.length };
}

export interface ReadLimit {
  readonly items: number;
  /** Of JSON; at least one item is always returned. */
  readonly bytes: number;
}

/** Whole items with `after < n ≤ upto`, in order. */
export async function readSegment(
  segment: Segment,
  range: { readonly after: number; readonly upto: number },
  limit: ReadLimit,
): Promise<readonly { readonly item: SpoolItem; readonly bytes: number }[]> {
  const file = await open(segment.path, "r");
  try {
    const found: { item: SpoolItem; bytes: number }[] = [];
    let bytes = 0;
    for await (const line of file.readLines()) {
      const item = decodeLine(line);
      if (!item || item.n <= range.after) continue;
      bytes += line.length;
      const full = found.length >= limit.items || (found.length > 0 && bytes > limit.bytes);
      if (item.n > range.upto || full) break;
      found.push({ item, bytes: line.length });
    }
    return found;
  } finally {
    await file.close();
  }
}
