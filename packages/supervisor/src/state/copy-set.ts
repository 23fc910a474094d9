// Copies state files into a folder while their agent may be writing them. The copy is what is checked and what its digest is
// taken of, in the same pass: a torn copy is found, whatever the original has become meanwhile.

import { createHash } from "node:crypto";
import { open, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { syncFolder } from "../durable-file.ts";
import type { Verdict } from "./byte-checks.ts";
import { addSides, byteCheckOf, chunksOf, examine, type FileToExamine } from "./examine.ts";
import { placeOf } from "./place.ts";
import { copySqlite } from "./sqlite-check.ts";

export interface CopiedFile {
  readonly path: string;
  /** Its name in the folder; null when there was no such file, which is part of the state as well. */
  readonly name: string | null;
  readonly bytes: number;
  readonly digest: string | null;
  /** What the original's digest is, when the copy has other bytes and the same content (a database and its log). */
  readonly originalDigest: string | null;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface SetCopy {
  readonly files: readonly CopiedFile[];
  /** Of the files that are there, in order. */
  readonly verdicts: readonly (Verdict & { readonly path: string })[];
}

export interface CopyOrder {
  readonly files: readonly FileToExamine[];
  /** Exists and is empty. */
  readonly folder: string;
  readonly scratch: string;
  /** False for files that were examined just now and that nobody writes. */
  readonly check: boolean;
}

/** Rejects with the system's error when something cannot be read or written. */
export async function copySet({ files, folder, scratch, check }: CopyOrder): Promise<SetCopy> {
  const copied: CopiedFile[] = [];
  const verdicts: (Verdict & { readonly path: string })[] = [];
  for (const [index, file] of files.entries()) {
    const place = await placeOf(file.path);
    const facts = await stat(place).catch(() => null);
    if (facts === null) {
      copied.push({ ...absent, path: file.path });
      continue;
    }
    if (!facts.isFile()) throw new Error(`${file.path} is no ordinary file`);
    const name = `${index}-${basename(file.path)}`;
    const target = join(folder, name);
    const order = { file, place, target, scratch };
    const done = file.check === "sqlite" ? await copyDatabase(order, check) : await copyBytes(order);
    const { mode, uid, gid } = facts;
    copied.push({ path: file.path, name, mode: mode & 0o7777, uid, gid, ...done.copy });
    verdicts.push({ path: file.path, ...done.verdict });
  }
  await syncFolder(folder);
  return { files: copied, verdicts };
}

const absent = { name: null, bytes: 0, digest: null, originalDigest: null, mode: 0, uid: 0, gid: 0 };

interface FileOrder {
  readonly file: FileToExamine;
  readonly place: string;
  readonly target: string;
  readonly scratch: string;
}

interface FileCopy {
  readonly copy: Pick<CopiedFile, "bytes" | "digest" | "originalDigest">;
  readonly verdict: Verdict;
}

async function copyBytes({ file, place, target }: FileOrder): Promise<FileCopy> {
  const hash = createHash("sha256");
  const check = byteCheckOf(file.check);
  const source = await open(place, "r");
  try {
    const copy = await open(target, "wx", 0o600);
    try {
      let bytes = 0;
      for await (const chunk of chunksOf(source)) {
        hash.update(chunk);
        check.feed(chunk);
        await copy.writeFile(chunk);
        bytes += chunk.length;
      }
      await copy.sync();
      return { copy: { bytes, digest: hash.digest("hex"), originalDigest: null }, verdict: check.end() };
    } finally {
      await copy.close();
    }
  } finally {
    await source.close();
  }
}

async function copyDatabase({ file, place, target, scratch }: FileOrder, check: boolean): Promise<FileCopy> {
  const hash = createHash("sha256");
  const source = await open(place, "r");
  try {
    for await (const chunk of chunksOf(source)) hash.update(chunk);
  } finally {
    await source.close();
  }
  await addSides(place, hash);
  const originalDigest = hash.digest("hex");
  await copySqlite(place, target, scratch);
  const { bytes, digest, verdict } = await examine({ path: target, check: check ? file.check : "none" }, scratch);
  return { copy: { bytes, digest, originalDigest }, verdict: verdict.is === "absent" ? { is: "good" } : verdict };
}
