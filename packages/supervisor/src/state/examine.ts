// What there is of each state file, what it is worth, and its digest, in one reading. Bounded memory, whatever the size.

import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { open, stat, type FileHandle } from "node:fs/promises";
import { describeError, systemCode } from "../failure.ts";
import { envelopeCheck, jsonCheck, jsonLinesCheck, noCheck, type ByteCheck, type Verdict } from "./byte-checks.ts";
import { placeOf } from "./place.ts";
import { checkSqlite, sqliteSides } from "./sqlite-check.ts";
import type { StateCheck } from "./state-policy.ts";

export interface FileToExamine {
  readonly path: string;
  readonly check: StateCheck;
}

export interface FileReport {
  readonly path: string;
  /** Where the path leads, links followed. */
  readonly place: string;
  readonly bytes: number;
  /** SHA-256 of its content, with what belongs to it beside it; null when there is no file, or none that can be read. */
  readonly digest: string | null;
  readonly verdict: Verdict | { readonly is: "absent" };
  /** A database with a log or journal, which whoever opens it next folds into the file. */
  readonly isHot: boolean;
}

/** @param scratch For copies that a check needs; made and removed here. */
export async function examine(file: FileToExamine, scratch: string): Promise<FileReport> {
  let place = file.path;
  try {
    place = await placeOf(file.path);
    return await read(file, place, scratch);
  } catch (error) {
    const reason = systemCode(error) === "EACCES" ? "the supervisor may not read it" : describeError(error);
    return unread(file.path, place, { is: "unsure", reason });
  }
}

async function read({ path, check }: FileToExamine, place: string, scratch: string): Promise<FileReport> {
  const facts = await stat(place).catch((error: unknown) => {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  });
  if (facts === null) return unread(path, place, { is: "absent" });
  if (!facts.isFile()) {
    const reason = facts.isDirectory() ? "it is a folder; declare the files in it" : "it is no ordinary file";
    return unread(path, place, { is: "unsure", reason });
  }
  const hash = createHash("sha256");
  const byteCheck = byteCheckOf(check);
  const bytes = await readInto(place, hash, byteCheck);
  const isSqlite = check === "sqlite";
  const isHot = isSqlite && (await addSides(place, hash));
  const verdict = isSqlite ? await checkSqlite(place, scratch) : byteCheck.end();
  return { path, place, bytes, digest: hash.digest("hex"), verdict, isHot };
}

function unread(path: string, place: string, verdict: FileReport["verdict"]): FileReport {
  return { path, place, bytes: 0, digest: null, verdict, isHot: false };
}

export function byteCheckOf(check: StateCheck): ByteCheck {
  switch (check) {
    case "json":
      return jsonCheck();
    case "jsonl":
      return jsonLinesCheck();
    case "envelope":
      return envelopeCheck();
    case "sqlite":
    case "none":
      return noCheck();
  }
}

/** The log and the journal hold state; an empty one is as good as none. True when there was one. */
export async function addSides(place: string, hash: Hash): Promise<boolean> {
  let found = false;
  for (const side of sqliteSides) {
    if (side === "-shm") continue;
    const facts = await stat(`${place}${side}`).catch(() => null);
    if (facts?.isFile() !== true || facts.size === 0) continue;
    hash.update(side);
    await readInto(`${place}${side}`, hash, noCheck());
    found = true;
  }
  return found;
}

async function readInto(place: string, hash: Hash, check: ByteCheck): Promise<number> {
  // Opening a pipe that was put in the file's place must not wait for a writer.
  const file = await open(place, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    let bytes = 0;
    for await (const chunk of chunksOf(file)) {
      hash.update(chunk);
      check.feed(chunk);
      bytes += chunk.length;
    }
    return bytes;
  } finally {
    await file.close();
  }
}

const chunkBytes = 2 ** 20;

/** The file's bytes from its start; each piece is valid until the next is asked for. */
export async function* chunksOf(file: FileHandle): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let position = 0; ;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) return;
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
