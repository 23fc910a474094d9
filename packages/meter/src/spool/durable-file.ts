// Files that are whole or absent, also after a crash in the middle of a write: written beside their place, flushed, renamed over it,
// and the folder flushed so that the rename itself lasts.

import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { describeError, MeterError, systemCode } from "../failure.ts";

/** Makes the folder (mode 0700) and its parents. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new MeterError(
      "data_folder_unwritable",
      `cannot create the folder ${path}: ${describeError(cause)}. Choose another data folder, or make this one writable.`,
      { cause },
    );
  }
}

/** Replaces the file (mode 0600) as one step. Rejects with the system's error; the old content is then still there. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx", 0o600);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes new, renamed and deleted names in a folder last. */
export async function syncFolder(path: string): Promise<void> {
  // Windows cannot open a folder; renames there are flushed with the volume.
  if (process.platform === "win32") return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The text of a file; null when there is none. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}
