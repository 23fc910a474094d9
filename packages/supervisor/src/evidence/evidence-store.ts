// Bundles on disk, so that they outlive the incident they belong to: one file each, in a folder per agent. The oldest go
// first when there are too many or they are too large. Evidence is a help and no duty: what goes wrong here (a full disk)
// is said and stops nothing.

import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Ms } from "@midwatch/core";
import type { EvidenceBundle } from "@midwatch/protocol";
import { fileNameOf, makeFolder, replaceFile } from "../durable-file.ts";
import { describeError } from "../failure.ts";

export interface EvidenceStoreOptions {
  /** Belongs to the store alone; made when the first bundle comes. */
  readonly folder: string;
  /** Of all agents together. */
  readonly maxBundles?: number;
  readonly maxBytes?: number;
}

export interface StoredEvidence {
  readonly at: Ms;
  readonly path: string;
  readonly bundle: EvidenceBundle;
}

export type SaveOutcome = { readonly ok: true; readonly path: string } | { readonly ok: false; readonly why: string };

export interface EvidenceStore {
  /** Keeps a bundle, and lets go of the oldest beyond the bounds. Never rejects. */
  save(agent: string, bundle: EvidenceBundle, at: Ms): Promise<SaveOutcome>;
  /** What is kept of one agent, newest first; files that are none of ours are passed over. */
  list(agent: string): Promise<readonly StoredEvidence[]>;
}

const runLength = 80;

export function openEvidenceStore({
  folder,
  maxBundles = 50,
  maxBytes = 20 * 2 ** 20,
}: EvidenceStoreOptions): EvidenceStore {
  return {
    async save(agent, bundle, at) {
      const place = folderOf(folder, agent);
      const path = join(place, `${stampOf(at)}-${encodeURIComponent(bundle.run_id).slice(0, runLength)}.json`);
      try {
        await makeFolder(place);
        await replaceFile(path, JSON.stringify({ at, bundle }));
        await prune(folder, { maxBundles, maxBytes, keep: path });
        return { ok: true, path };
      } catch (error) {
        return { ok: false, why: `the evidence could not be kept in ${place}: ${describeError(error)}` };
      }
    },
    async list(agent) {
      const place = folderOf(folder, agent);
      const names = (await namesIn(place)).filter(isBundle).toSorted().toReversed();
      return (await Promise.all(names.map((name) => read(join(place, name))))).filter((one) => one !== null);
    },
  };
}

/** An agent may be called `..`, which must not lead out of the folder. */
function folderOf(folder: string, agent: string): string {
  return join(
    folder,
    fileNameOf(agent).replace(/^\.+$/, (dots) => dots.replaceAll(".", "%2E")),
  );
}

/** Sorts by time as it sorts by letter; without colons, which not every file system allows. */
function stampOf(at: Ms): string {
  return new Date(at).toISOString().replaceAll(":", "");
}

function isBundle(name: string): boolean {
  return /^\d{4}-.*Z-.*\.json$/.test(name);
}

async function read(path: string): Promise<StoredEvidence | null> {
  try {
    const { at, bundle } = JSON.parse(await readFile(path, "utf8")) as { at: Ms; bundle: EvidenceBundle };
    return typeof at === "number" && Array.isArray(bundle.items) ? { at, path, bundle } : null;
  } catch {
    // Removed meanwhile, or not ours.
    return null;
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch {
    // Not there yet: nothing is kept.
    return [];
  }
}

interface Kept {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

async function prune(
  folder: string,
  { maxBundles, maxBytes, keep }: { readonly maxBundles: number; readonly maxBytes: number; readonly keep: string },
): Promise<void> {
  const kept = await keptIn(folder);
  let bytes = kept.reduce((sum, one) => sum + one.bytes, 0);
  let count = kept.length;
  for (const one of kept.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (count <= maxBundles && bytes <= maxBytes) return;
    if (one.path === keep) continue;
    await rm(one.path, { force: true });
    count -= 1;
    bytes -= one.bytes;
  }
}

/** Every bundle of every agent; half-written files of a life that was cut short are removed on the way. */
async function keptIn(folder: string): Promise<readonly Kept[]> {
  const kept: Kept[] = [];
  for (const agent of await namesIn(folder)) {
    for (const name of await namesIn(join(folder, agent))) {
      const path = join(folder, agent, name);
      const facts = await stat(path).catch(() => null);
      if (!facts) continue;
      if (isBundle(name)) kept.push({ name, path, bytes: facts.size });
      else if (name.endsWith(".tmp") && Date.now() - facts.mtimeMs > 60_000) await rm(path, { force: true });
    }
  }
  return kept;
}
