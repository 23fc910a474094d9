// What could take the place of unusable state, best first. Nothing is taken on trust: each is checked again before it is used.

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { siblingsOf } from "./envelope-siblings.ts";
import type { FileReport } from "./examine.ts";
import type { GateWorld } from "./gate-world.ts";
import type { Generation } from "./generation.ts";
import type { Placement } from "./put-in-place.ts";
import { isSameAsCopies, type Snapshot } from "./snapshot.ts";
import { withSiblings } from "./swap.ts";
import { perform } from "./tasks.ts";

export interface Candidate {
  /** For a person: "the generation of …". */
  readonly label: string;
  readonly files: readonly CandidateFile[];
  /** What has to go when it comes. */
  readonly away: readonly string[];
}

interface CandidateFile extends Placement {
  readonly path: string;
  /** Null when it is not known beforehand. */
  readonly digest: string | null;
}

export interface Wanted {
  readonly reports: readonly FileReport[];
  readonly generations: readonly Generation[];
  /** Files that must be among the replaced ones. */
  readonly paths: readonly string[];
  /** The agent dies of this state: anything but that, and rather what it was well with. */
  readonly avoid: Snapshot | null;
}

export async function candidatesOf(world: GateWorld, wanted: Wanted): Promise<readonly Candidate[]> {
  const { generations, avoid, paths } = wanted;
  const proven = (one: Generation): number => (avoid !== null && one.proven ? 0 : 1);
  const kept = generations
    .filter(({ files }) => avoid === null || !isSameAsCopies(avoid, files))
    .toSorted((a, b) => proven(a) - proven(b) || b.number - a.number);
  const candidates = [...(await fromSiblings(world, wanted))];
  for (const one of kept) candidates.push(await fromGeneration(world, wanted, one));
  return candidates.filter(({ files }) => paths.every((path) => files.some((file) => file.path === path)));
}

async function fromGeneration(world: GateWorld, { reports }: Wanted, one: Generation): Promise<Candidate> {
  const files: CandidateFile[] = [];
  const away: string[] = [];
  for (const { path, check } of world.kept) {
    const copy = one.files.find((file) => file.path === path);
    const place = placeIn(reports, path);
    if (copy === undefined || place === null) continue;
    const from = copy.name === null ? null : join(one.folder, copy.name);
    files.push({ ...copy, place, from });
    away.push(...(await withSiblings(place, check)));
  }
  const when = new Date(one.takenAt).toISOString().replace("T", " ").slice(0, 19);
  return { label: `the generation of ${when} UTC`, files, away };
}

/** They are newer than ours, but of one file alone: with several, two files would come from different times. */
async function fromSiblings(world: GateWorld, { reports, avoid }: Wanted): Promise<readonly Candidate[]> {
  const [file, ...more] = world.files;
  if (file?.check !== "envelope" || more.length > 0) return [];
  const place = placeIn(reports, file.path);
  if (place === null) return [];
  const candidates: Candidate[] = [];
  for (const { place: from, age } of await siblingsOf(place)) {
    const facts = await stat(from).catch(() => null);
    const [report] = await examineAll(world, [{ path: from, check: file.check }]);
    if (facts === null || report?.verdict.is !== "good" || report.digest === avoid?.[file.path]) continue;
    const { mode, uid, gid } = facts;
    candidates.push({
      label: `the older generation that the agent itself kept as ${world.nameOf(file.path)}.${age}`,
      files: [{ path: file.path, place, from, digest: report.digest, mode, uid, gid }],
      away: await withSiblings(place, file.check, age),
    });
  }
  return candidates;
}

function placeIn(reports: readonly FileReport[], path: string): string | null {
  return reports.find((one) => one.path === path)?.place ?? null;
}

/** It still is what it was when it was taken, and good by today's checks. */
export async function isSound(world: GateWorld, { files }: Candidate): Promise<boolean> {
  const present = files.flatMap(({ path, from, digest }) => (from === null ? [] : [{ path, from, digest }]));
  const order = present.map(({ path, from }) => ({
    path: from,
    check: world.files.find((one) => one.path === path)?.check ?? "none",
  }));
  const reports = await examineAll(world, order);
  return present.every(({ from, digest }) => {
    const report = reports.find(({ path }) => path === from);
    return report?.verdict.is === "good" && report.digest === digest;
  });
}

async function examineAll(
  world: GateWorld,
  files: readonly { readonly path: string; readonly check: GateWorld["files"][number]["check"] }[],
): Promise<readonly FileReport[]> {
  const result = await perform({ do: "examine", files, scratch: world.scratch }, world.taskTimeoutMs);
  return result.did === "examine" ? result.reports : [];
}
