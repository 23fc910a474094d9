import { closeSync, openSync, readSync } from "node:fs";

const maxBytes = 256 * 1024;

/** The beginning of a file, or null when it is not there or may not be read. Files of `/proc` have no size, so none is asked. */
export function readSmallFile(path: string): string | null {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    const buffer = Buffer.alloc(maxBytes);
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, maxBytes - length, null);
      length += read;
      if (read === 0 || length === maxBytes) return buffer.toString("utf8", 0, length);
    }
  } catch {
    // Not there, not for us, or a folder: the caller has no text either way.
    return null;
  } finally {
    if (file !== null) closeSync(file);
  }
}
