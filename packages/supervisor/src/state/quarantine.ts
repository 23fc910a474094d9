// Where unusable state goes: out of the agent's way, never overwritten, never deleted by Midwatch. Each time is a folder of its
// own with a list of what was where, which is written first.

import { constants } from "node:fs";
import { chmod, chown, copyFile, mkdir, open, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Ms } from "@midwatch/core";
import { makeFolder, replaceFile, syncFolder } from "../durable-file.ts";
import { systemCode } from "../failure.ts";

interface Moved {
  readonly from: string;
  readonly to: string;
}

export interface Quarantined {
  /** Null when there was nothing to move. */
  readonly folder: string | null;
  readonly moved: readonly Moved[];
}

export interface QuarantineOrder {
  /** The folder of all quarantined state of the agent. */
  readonly root: string;
  readonly places: readonly string[];
  readonly reason: string;
  readonly at: Ms;
}

/** Moves the files that exist. Rejects with the system's error, everything back in its place, when one cannot be moved. */
export async function moveToQuarantine(order: QuarantineOrder): Promise<Quarantined> {
  const places: string[] = [];
  for (const place of order.places) if (await exists(place)) places.push(place);
  if (places.length === 0) return { folder: null, moved: [] };
  const folder = await newFolder(order.root, order.at);
  const plan = places.map((from, index) => ({ from, to: join(folder, `${index}-${basename(from)}`) }));
  const moved: Moved[] = [];
  try {
    const files = plan.map(({ from, to }) => ({ name: basename(to), was_at: from }));
    const list = { moved_at: new Date(order.at).toISOString(), reason: order.reason, files };
    await replaceFile(join(folder, "moved.json"), `${JSON.stringify(list, null, 2)}\n`);
    for (const step of plan) {
      await moveFile(step.from, step.to);
      moved.push(step);
    }
    await syncFolder(folder);
  } catch (error) {
    await putBack({ folder, moved });
    throw error;
  }
  return { folder, moved };
}

/** Undoes a move as far as it goes: what something else has taken the place of stays in quarantine. */
export async function putBack({ folder, moved }: Quarantined): Promise<void> {
  for (const { from, to } of moved) if (!(await exists(from))) await moveFile(to, from);
  if (folder === null) return;
  const left = await readdir(folder).catch(() => []);
  if (left.every((name) => name === "moved.json")) await rm(folder, { recursive: true, force: true });
}

/** Keeps bytes that are about to be cut off a file; resolves to their file. */
export async function keepAside(
  order: Omit<QuarantineOrder, "places"> & { place: string; start: number },
): Promise<string> {
  const folder = await newFolder(order.root, order.at);
  const name = `${basename(order.place)}.tail`;
  const source = await open(order.place, "r");
  try {
    const target = await open(join(folder, name), "wx", 0o600);
    try {
      const { size } = await source.stat();
      const chunk = Buffer.allocUnsafe(64 * 1024);
      for (let position = order.start; position < size;) {
        const { bytesRead } = await source.read(chunk, 0, chunk.length, position);
        if (bytesRead === 0) break;
        await target.writeFile(chunk.subarray(0, bytesRead));
        position += bytesRead;
      }
      await target.sync();
    } finally {
      await target.close();
    }
    const files = [{ name, was_at: order.place, from_byte: order.start }];
    const list = { moved_at: new Date(order.at).toISOString(), reason: order.reason, files };
    await replaceFile(join(folder, "moved.json"), `${JSON.stringify(list, null, 2)}\n`);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  } finally {
    await source.close();
  }
  return join(folder, name);
}

async function newFolder(root: string, at: Ms): Promise<string> {
  await makeFolder(root);
  const name = new Date(at).toISOString().replaceAll(":", "-");
  for (let more = 1; ; more += 1) {
    const folder = join(root, more === 1 ? name : `${name}-${more}`);
    try {
      await mkdir(folder, { mode: 0o700 });
      await syncFolder(root);
      return folder;
    } catch (error) {
      if (systemCode(error) !== "EEXIST") throw error;
    }
  }
}

/** By a new name and the loss of the old one, never over a file; across file systems by a copy that is on disk before the original goes. */
async function moveFile(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (systemCode(error) !== "EXDEV") throw error;
    await copyDurably(from, to);
    await unlink(from);
  }
  await syncFolder(dirname(from));
  await syncFolder(dirname(to));
}

async function copyDurably(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    const { mode, uid, gid } = await stat(from);
    await dressAs(to, { mode, uid, gid });
    const file = await open(to, "r");
    try {
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(to));
  } catch (error) {
    if (systemCode(error) !== "EEXIST") await rm(to, { force: true });
    throw error;
  }
}

/** The agent may run as another user than its supervisor. */
export async function dressAs(
  path: string,
  { mode, uid, gid }: { readonly mode: number; readonly uid: number; readonly gid: number },
): Promise<void> {
  await chmod(path, mode & 0o7777);
  // Only root may give files away; everybody else's are their own already.
  if (process.getuid?.() === 0) await chown(path, uid, gid);
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
