// Takes generations: a copy of all kept files as of one moment. Bounded, and never a reason to leave an agent down.

import { createHash } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { describeError } from "../failure.ts";
import type { SetCopy } from "./copy-set.ts";
import type { GateWorld } from "./gate-world.ts";
import { beginGeneration, pruneGenerations, publishGeneration } from "./generation.ts";
import { placeOf } from "./place.ts";
import { sqliteSides } from "./sqlite-check.ts";
import { perform } from "./tasks.ts";

/** Copies of the files, not yet a generation. */
export interface Begun {
  readonly folder: string;
  readonly copy: SetCopy;
  readonly signature: string;
}

export type Copied =
  | { readonly ok: true; readonly begun: Begun }
  /** `why` is a clause; null when there is nothing to tell: no files, or files that are being written. */
  | { readonly ok: false; readonly why: string | null };

const mostBytes = 2 ** 30;
const tries = 3;
const betweenTriesMs = 200;

/** Copies the kept files while they stand still; what is in between two writes is not one moment. */
export async function copyKept(world: GateWorld, { check }: { readonly check: boolean }): Promise<Copied> {
  for (let left = tries; left > 0; left -= 1) {
    const copied = await tryCopy(world, check);
    if (copied !== "moving") return copied;
    if (left > 1) await pause(betweenTriesMs);
  }
  return { ok: false, why: null };
}

async function tryCopy(world: GateWorld, check: boolean): Promise<Copied | "moving"> {
  let folder: string | null = null;
  try {
    const before = await signatureOf(world);
    if (before.bytes === null) return { ok: false, why: null };
    if (before.bytes > mostBytes) {
      return { ok: false, why: `its files are larger than ${mostBytes / 2 ** 30} GiB together` };
    }
    folder = await beginGeneration(world.good);
    const files = world.kept.map((file) => ({ path: file.path, check: file.check }));
    const order = { do: "copy", files, folder, scratch: world.scratch, check } as const;
    const result = await perform(order, world.taskTimeoutMs);
    if (result.did !== "copy") throw new Error(result.did === "fail" ? result.why : "it was not copied");
    // A single database is copied as of one moment by SQLite itself, however busy it is.
    const isAlone = world.kept.length === 1 && world.kept[0]?.check === "sqlite";
    const { text: signature } = await signatureOf(world);
    if (signature !== before.text && !isAlone) {
      await dropCopy(folder);
      return "moving";
    }
    return { ok: true, begun: { folder, copy: result.copy, signature } };
  } catch (error) {
    if (folder !== null) await dropCopy(folder);
    return { ok: false, why: describeError(error) };
  }
}

export async function dropCopy(folder: string): Promise<void> {
  // What cannot be removed now is removed when the gate is opened next.
  await rm(folder, { recursive: true, force: true }).catch(() => undefined);
}

/** Makes the copies the newest generation and lets the oldest go. */
export async function publish(world: GateWorld, begun: Begun, proven: boolean): Promise<void> {
  const { copy, signature, folder } = begun;
  await publishGeneration(world.good, folder, { takenAt: world.now(), proven, signature, files: copy.files });
  await pruneGenerations(world.good, world.keep);
}

/** What the file system says of the files, without reading them; `bytes` is null when none is there. */
export async function signatureOf(world: GateWorld): Promise<{ readonly text: string; readonly bytes: number | null }> {
  const hash = createHash("sha256");
  let bytes: number | null = null;
  for (const { path, check } of world.kept) {
    const place = await placeOf(path);
    for (const side of check === "sqlite" ? ["", ...sqliteSides] : [""]) {
      if (side === "-shm") continue;
      const facts = await stat(`${place}${side}`, { bigint: true }).catch(() => null);
      hash.update(
        facts === null ? `${path}${side}:-\n` : `${path}${side}:${facts.ino}:${facts.size}:${facts.mtimeNs}\n`,
      );
      if (facts !== null) bytes = (bytes ?? 0) + Number(facts.size);
    }
  }
  return { text: hash.digest("hex"), bytes };
}
