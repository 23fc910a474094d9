// What becomes of unusable state, by the agent's policy: an earlier generation takes its place, or nothing does. The order makes
// it safe to be cut short anywhere: the intention is written down, what is there goes to quarantine, the copies take their
// places. Whoever comes next sees the intention and a missing file, and goes on.

import { rm } from "node:fs/promises";
import { upperFirst } from "@midwatch/core";
import { describeError } from "../failure.ts";
import { checkByAgent } from "./agent-check.ts";
import { candidatesOf, isSound, type Candidate } from "./candidates.ts";
import type { FileReport } from "./examine.ts";
import type { GateWorld } from "./gate-world.ts";
import { writeMemory } from "./memory.ts";
import { preparePlacement } from "./put-in-place.ts";
import { moveToQuarantine, putBack, type Quarantined } from "./quarantine.ts";
import { look, standingOf, type Known } from "./standing.ts";
import { swap, withSiblings, withSides } from "./swap.ts";

export interface Replacement {
  readonly world: GateWorld;
  readonly reason: string;
  readonly paths: readonly string[];
  readonly reports: readonly FileReport[];
  readonly known: Known;
}

export type Replaced =
  | {
      readonly ok: true;
      readonly reports: readonly FileReport[];
      readonly text: string;
      readonly notes: readonly string[];
    }
  /** `isEmptyHanded`: nothing was touched, because there is nothing to put in its place. */
  | { readonly ok: false; readonly isEmptyHanded: boolean; readonly text: string };

export async function startFresh(about: Replacement): Promise<Replaced> {
  const { world, reason, reports } = about;
  try {
    await intend(about);
    const places: string[] = [];
    for (const { path, place } of reports) places.push(...(await withSiblings(place, checkOf(world, path))));
    const away = await moveToQuarantine({ root: world.quarantine, places, reason, at: world.now() });
    const now = await look(world);
    if (!now.ok) return failed(`It was moved away, but then ${now.reason}.`, away);
    return { ok: true, reports: now.reports, text: `${movedTo(away)} The agent starts without.`, notes: [] };
  } catch (error) {
    return failed(`It could not be moved away: ${describeError(error)}. Nothing was changed.`);
  }
}

export async function restore(about: Replacement): Promise<Replaced> {
  const { world, reports, known, paths } = about;
  const avoid = known.memory.fallback?.avoid ?? null;
  const candidates = await candidatesOf(world, { reports, generations: known.generations, paths, avoid });
  const tried: Tried = { away: null, places: [], rejected: 0 };
  try {
    for (const candidate of candidates) {
      const outcome = await tryCandidate(about, candidate, tried);
      if (outcome !== null) return outcome;
    }
    if (tried.away !== null) {
      for (const place of tried.places) await rm(place, { force: true });
      await putBack(tried.away);
    }
  } catch (error) {
    const where = tried.away === null ? "Nothing was changed." : movedTo(tried.away);
    return failed(`An earlier generation could not be put in its place: ${describeError(error)}. ${where}`);
  }
  const what =
    tried.rejected === 0 ? "There is no good generation" : `None of the ${tried.rejected} generations is good enough`;
  return { ok: false, isEmptyHanded: true, text: `${what} to put in its place. It was left where it is.` };
}

interface Tried {
  /** The unusable state, once the first candidate has taken its place. */
  away: Quarantined | null;
  places: readonly string[];
  rejected: number;
}

/** Null: this one will not do. */
async function tryCandidate(about: Replacement, candidate: Candidate, tried: Tried): Promise<Replaced | null> {
  const { world, reason, known } = about;
  if (!(await isSound(world, candidate))) return rejected(tried);
  if (tried.away === null) {
    await intend(about);
    tried.away = await swap(world, { placements: candidate.files, away: candidate.away, reason });
  } else await putCopies(world, candidate);
  tried.places = candidate.files.flatMap(({ path, place }) => withSides(place, checkOf(world, path)));
  const now = await look(world);
  if (!now.ok) return failed(`${candidate.label} was put in its place, but then ${now.reason}.`, tried.away);
  const settled = { ...known, memory: { ...known.memory, unfinished: null } };
  const standing = await standingOf(world, now.reports, settled);
  if (standing.is !== "fit") return rejected(tried);
  const undo = (): Promise<void> => putCopies(world, candidate);
  const checked = await checkByAgent({ world, reports: now.reports, known: settled, undo });
  if (checked.is === "unusable") return rejected(tried);
  const text = `${movedTo(tried.away)} ${upperFirst(candidate.label)} took its place.`;
  if (checked.is === "unsure") return failed(`${text} But ${checked.reason}. ${checked.text}`);
  return { ok: true, reports: checked.reports, text, notes: checked.notes };
}

function rejected(tried: Tried): null {
  tried.rejected += 1;
  return null;
}

/** Over what is itself a copy of a generation. */
async function putCopies(world: GateWorld, { files }: Candidate): Promise<void> {
  const prepared = await preparePlacement(files);
  for (const { path, place } of files) {
    for (const side of withSides(place, checkOf(world, path)).slice(1)) await rm(side, { force: true });
  }
  await prepared.commit();
}

async function intend({ world, known, reason }: Replacement): Promise<void> {
  await writeMemory(world.memory, { ...known.memory, unfinished: reason });
}

function failed(text: string, away: Quarantined | null = null): Replaced {
  return { ok: false, isEmptyHanded: false, text: away === null ? text : `${text} ${movedTo(away)}` };
}

function movedTo({ folder }: Quarantined): string {
  return folder === null ? "There was nothing left to keep." : `What was there is kept in ${folder}.`;
}

function checkOf(world: GateWorld, path: string): GateWorld["files"][number]["check"] {
  return world.files.find((one) => one.path === path)?.check ?? "none";
}
