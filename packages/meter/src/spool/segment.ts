import { readFile, truncate } from "node:fs/promises";
import { isAgentName, type MeterItem } from "@midwatch/protocol";

/** One file of the spool: an item a line, in order. Its name is the number of its first item. */
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

export function lineOf(item: MeterItem): Buffer {
  return Buffer.from(`${JSON.stringify(item)}\n`);
}

/** Reads what an earlier life left. A line that a crash tore is cut off, so that the next one does not fuse with it. */
export async function recoverSegment(path: string, first: number): Promise<Segment> {
  const bytes = await readFile(path);
  const whole = bytes.lastIndexOf(10) + 1;
  if (whole < bytes.length) await truncate(path, whole);
  const items = itemsIn(bytes.subarray(0, whole).toString("utf8"));
  return { path, first, last: items.at(-1)?.n ?? first - 1, bytes: whole };
}

/** At most `limit` items of the segment with a number above `after`. */
export async function readSegment(path: string, after: number, limit: number): Promise<readonly MeterItem[]> {
  return itemsIn(await readFile(path, "utf8"))
    .filter(({ n }) => n > after)
    .slice(0, limit);
}

/** A damaged line is passed over: waiting does not mend it. */
function itemsIn(text: string): readonly MeterItem[] {
  return text.split("\n").flatMap((line) => itemOf(line) ?? []);
}

function itemOf(line: string): MeterItem | null {
  if (line === "") return null;
  try {
    const item = JSON.parse(line) as MeterItem;
    return Number.isSafeInteger(item.n) && isAgentName(item.agent) && typeof item.call === "object" ? item : null;
  } catch {
    // Torn or damaged.
    return null;
  }
}
