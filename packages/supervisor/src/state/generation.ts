// A generation: all state files of an agent as they were at one moment, so that two files never come from different times. A
// folder with the copies and a list of them; it appears by one rename, whole, and is never changed but for `proven`.

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Ms } from "@midwatch/core";
import { makeFolder, replaceFile, syncFolder } from "../durable-file.ts";
import type { CopiedFile } from "./copy-set.ts";

export interface Generation {
  readonly number: number;
  readonly folder: string;
  readonly takenAt: Ms;
  /** The agent was well with it; else it was only started from. */
  readonly proven: boolean;
  /** The originals as their file system showed them, to see without reading that nothing has changed. */
  readonly signature: string;
  readonly files: readonly CopiedFile[];
}

const list = "generation.json";
const unfinished = "taking-";

/** Newest first. One whose list cannot be read counts as none; its files stay. */
export async function readGenerations(root: string): Promise<readonly Generation[]> {
  const names = await readdir(root).catch(() => []);
  const numbers = names.filter((name) => /^\d{1,12}$/.test(name)).map(Number);
  const found: Generation[] = [];
  for (const number of numbers.toSorted((a, b) => b - a)) {
    const folder = join(root, String(number));
    const generation = await readGeneration(folder, number);
    if (generation !== null) found.push(generation);
  }
  return found;
}

async function readGeneration(folder: string, number: number): Promise<Generation | null> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, list), "utf8"));
    if (typeof value !== "object" || value === null || !("files" in value) || !Array.isArray(value.files)) return null;
    const { takenAt, proven, signature, files } = value as unknown as Generation;
    if (typeof takenAt !== "number" || typeof proven !== "boolean" || typeof signature !== "string") return null;
    return files.every(isCopiedFile) ? { number, folder, takenAt, proven, signature, files } : null;
  } catch {
    // Half deleted, or damaged: there is nothing to restore by it.
    return null;
  }
}

function isCopiedFile(value: unknown): value is CopiedFile {
  if (typeof value !== "object" || value === null) return false;
  const { path, name, bytes, digest, originalDigest, mode, uid, gid } = value as Partial<Record<string, unknown>>;
  const texts = [name, digest, originalDigest];
  return (
    typeof path === "string" &&
    texts.every((text) => text === null || typeof text === "string") &&
    [bytes, mode, uid, gid].every(Number.isSafeInteger)
  );
}

/** A new empty folder for the copies of the next generation. */
export async function beginGeneration(root: string): Promise<string> {
  await makeFolder(root);
  const folder = join(root, `${unfinished}${randomUUID()}`);
  await mkdir(folder, { mode: 0o700 });
  return folder;
}

export async function dropUnfinished(root: string): Promise<void> {
  for (const name of await readdir(root).catch(() => [])) {
    if (name.startsWith(unfinished)) await rm(join(root, name), { recursive: true, force: true });
  }
}

/** Lets the copies in `begun` be the newest generation. */
export async function publishGeneration(
  root: string,
  begun: string,
  facts: Pick<Generation, "takenAt" | "proven" | "signature" | "files">,
): Promise<Generation> {
  const names = await readdir(root);
  const number = Math.max(0, ...names.filter((name) => /^\d{1,12}$/.test(name)).map(Number)) + 1;
  const folder = join(root, String(number));
  const { takenAt, proven, signature, files } = facts;
  await replaceFile(join(begun, list), `${JSON.stringify({ takenAt, proven, signature, files }, null, 2)}\n`);
  await rename(begun, folder);
  await syncFolder(root);
  return { number, folder, takenAt, proven, signature, files };
}

export async function proveGeneration({ folder, ...facts }: Generation, signature: string): Promise<void> {
  const { takenAt, files } = facts;
  await replaceFile(join(folder, list), `${JSON.stringify({ takenAt, proven: true, signature, files }, null, 2)}\n`);
}

/** Keeps the newest so many, and beyond them the last one that the agent was well with. */
export async function pruneGenerations(root: string, keep: number): Promise<void> {
  const all = await readGenerations(root);
  const lastProven = all.find(({ proven }) => proven);
  for (const one of all.slice(keep)) {
    if (one !== lastProven) await rm(one.folder, { recursive: true, force: true });
  }
}
