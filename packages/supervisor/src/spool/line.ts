import { crc32 } from "node:zlib";
import type { SpoolItem } from "@midwatch/protocol";

/** One item as one line: its checksum in 8 hex digits, a space, its JSON. */
export function encodeLine(item: SpoolItem): string {
  const json = JSON.stringify(item);
  return `${checksum(json)} ${json}\n`;
}

/** The item of a line without its line end; null when the line is torn or damaged. */
export function decodeLine(line: string): SpoolItem | null {
  const json = line.slice(9);
  if (line[8] !== " " || checksum(json) !== line.slice(0, 8)) return null;
  // The checksum says that this is what encodeLine wrote, so it has that shape.
  return JSON.parse(json) as SpoolItem;
}

function checksum(json: string): string {
  return crc32(json).toString(16).padStart(8, "0");
}
