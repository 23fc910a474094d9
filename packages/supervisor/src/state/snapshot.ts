// What the state of an agent is, by the digests of its files: enough to say whether it is the same again.

import type { CopiedFile } from "./copy-set.ts";
import type { FileReport } from "./examine.ts";

/** By declared path; null for a file that is not there. */
export type Snapshot = Readonly<Record<string, string | null>>;

export function snapshotOf(reports: readonly FileReport[]): Snapshot {
  return Object.fromEntries(reports.map(({ path, digest }) => [path, digest]));
}

export function isSame(a: Snapshot, b: Snapshot): boolean {
  const paths = Object.keys(a);
  return paths.length === Object.keys(b).length && paths.every((path) => path in b && a[path] === b[path]);
}

export function isNothing(snapshot: Snapshot): boolean {
  return Object.values(snapshot).every((digest) => digest === null);
}

/** Whether a set of copies has this content; a file that the set does not know is not compared. */
export function isSameAsCopies(snapshot: Snapshot, copies: readonly CopiedFile[]): boolean {
  return copies.every(({ path, digest, originalDigest }) => {
    const now = snapshot[path];
    return now === undefined || now === digest || (now !== null && now === originalDigest);
  });
}
