// Files that are whole or absent, also after a crash in the middle of a write: written beside their place under a name
// of their own, flushed, renamed over it, and the folder flushed so that the rename itself lasts.

import { randomUUID } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** What a crash in mid-write leaves behind; `<file>.<uuid>.tmp`. */
const TEMPORARY = /^\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/u;

/** A name beside `file` that nobody else uses, so that two processes never write into one file. */
export function temporaryName(file: string): string {
  return `${file}.${randomUUID()}.tmp`;
}

/** True when `name` is a temporary name of the file called `base`. */
export function isTemporaryOf(base: string, name: string): boolean {
  return name.startsWith(base) && TEMPORARY.test(name.slice(base.length));
}

/** Writes a new file (mode 0600) and flushes it. When that fails nothing is left of it. */
export async function writeNew(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

/** Makes new, renamed and deleted names beside `path` last. */
export async function syncFolderOf(path: string): Promise<void> {
  // Windows cannot open a folder; renames there are flushed with the volume.
  if (process.platform === "win32") return;
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
