// Lets copies take the place of state files: written beside their place and flushed first, so that a full disk stops
// everything before anything was moved; then renamed, one after the other, which needs no room.

import { constants } from "node:fs";
import { copyFile, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { makeFolder, syncFolder } from "../durable-file.ts";
import { dressAs } from "./quarantine.ts";

export interface Placement {
  readonly place: string;
  /** Null: nothing is to be at the place. */
  readonly from: string | null;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface PreparedPlacement {
  /** What is at the places is replaced: it has been moved away before, or is a copy itself. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

/** Rejects with the system's error, nothing changed, when there is no room or no right to write. */
export async function preparePlacement(placements: readonly Placement[]): Promise<PreparedPlacement> {
  const discard = async (): Promise<void> => {
    for (const { place } of placements) await rm(besideOf(place), { force: true });
  };
  try {
    for (const placement of placements) if (placement.from !== null) await copyBeside(placement, placement.from);
  } catch (error) {
    await discard();
    throw error;
  }
  return {
    discard,
    async commit() {
      for (const { place, from } of placements) {
        if (from === null) await rm(place, { force: true });
        else await rename(besideOf(place), place);
        if (await isFolder(dirname(place))) await syncFolder(dirname(place));
      }
    },
  };
}

/** One fixed name: what a crash left behind is replaced by the next try. */
function besideOf(place: string): string {
  return join(dirname(place), `.${basename(place)}.midwatch-restoring`);
}

async function copyBeside(placement: Placement, from: string): Promise<void> {
  const { place } = placement;
  const beside = besideOf(place);
  if (!(await isFolder(dirname(place)))) await makeFolder(dirname(place));
  await rm(beside, { force: true });
  await copyFile(from, beside, constants.COPYFILE_EXCL);
  await dressAs(beside, placement);
  const file = await open(beside, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}
