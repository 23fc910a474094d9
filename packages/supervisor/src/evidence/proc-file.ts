// Reading /proc without trusting it. Some of its files wait for a lock that a process stuck in the kernel may hold, so
// none is read synchronously here: the supervisor has other agents to look after.

import { open, readdir, readlink } from "node:fs/promises";

const readLimit = 256 * 1024;

/** The start of a file of the system; null when it is gone, hidden from this user, or not there on this system. */
export async function readSystemFile(path: string, maxBytes = readLimit): Promise<string | null> {
  try {
    const file = await open(path, "r");
    try {
      const chunks: Buffer[] = [];
      let left = maxBytes;
      while (left > 0) {
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(left, 64 * 1024)));
        if (bytesRead === 0) break;
        chunks.push(buffer.subarray(0, bytesRead));
        left -= bytesRead;
      }
      return Buffer.concat(chunks).toString("utf8");
    } finally {
      await file.close();
    }
  } catch {
    // Gone meanwhile, or another user's: not to be had either way.
    return null;
  }
}

/** The names in a folder of the system; null when it cannot be read. */
export async function listSystemFolder(path: string): Promise<readonly string[] | null> {
  try {
    return await readdir(path);
  } catch {
    // As above.
    return null;
  }
}

/** Where a link of the system points; null when that cannot be read. */
export async function readSystemLink(path: string): Promise<string | null> {
  try {
    return await readlink(path);
  } catch {
    // As above.
    return null;
  }
}

/** The value of a line `Name: value` in a file such as /proc/PID/status. */
export function fieldOf(text: string | null, name: string): string | null {
  return new RegExp(`^${name}:\\s*(.+)$`, "m").exec(text ?? "")?.[1]?.trim() ?? null;
}
