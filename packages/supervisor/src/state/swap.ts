// Lets copies take the place of state: the copies are made beside it first, then what is there goes to quarantine, then the
// copies get their names. A failure leaves everything as it was.

import type { GateWorld } from "./gate-world.ts";
import { siblingsOf } from "./envelope-siblings.ts";
import { preparePlacement, type Placement } from "./put-in-place.ts";
import { moveToQuarantine, putBack, type Quarantined } from "./quarantine.ts";
import { sqliteSides } from "./sqlite-check.ts";
import type { StateCheck } from "./state-policy.ts";

export interface Swap {
  readonly placements: readonly Placement[];
  /** The files first: while one is missing, everybody sees that this is not finished. */
  readonly away: readonly string[];
  readonly reason: string;
}

/** Rejects with the system's error, everything in its place. */
export async function swap(world: GateWorld, { placements, away, reason }: Swap): Promise<Quarantined> {
  const prepared = await preparePlacement(placements);
  let quarantined: Quarantined = { folder: null, moved: [] };
  try {
    quarantined = await moveToQuarantine({ root: world.quarantine, places: away, reason, at: world.now() });
    await prepared.commit();
    return quarantined;
  } catch (error) {
    await putBack(quarantined);
    await prepared.discard();
    throw error;
  }
}

/** The file and what belongs to it: without its log a database is another, and a log beside another database damages it. */
export function withSides(place: string, check: StateCheck): readonly string[] {
  return check === "sqlite" ? [place, ...sqliteSides.map((side) => `${place}${side}`)] : [place];
}

/** The same with the older generations of an SDK, from which the agent would go on otherwise; up to `age`, exclusive. */
export async function withSiblings(place: string, check: StateCheck, age = Infinity): Promise<readonly string[]> {
  if (check !== "envelope") return withSides(place, check);
  const siblings = await siblingsOf(place);
  return [place, ...siblings.filter((one) => one.age < age).map((one) => one.place)];
}
