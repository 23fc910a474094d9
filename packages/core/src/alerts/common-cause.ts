// What may incidents that begin together have in common? A host, a kind of trouble, a silence of half the fleet. Each is a
// key; those under one key are told as one where there are enough of them, or where a group with that key is still young.

import { outageKinds } from "../incidents.ts";
import { MINUTE, type DurationMs } from "../time.ts";
import type { Group } from "./group-state.ts";
import { groupKey, recall, type Sitting } from "./sitting.ts";
import type { Thread } from "./thread.ts";

/** Fewer than this on one host, or of one kind, are told one by one. */
const fewest = 3;
/** A lost supervisor is one fact, however few agents it keeps. */
const fewestLost = 2;
/** A common silence: at least so many, and half of those that were up. */
const fewestOfFleet = 5;
/** Incidents that began further apart than this have nothing to do with each other. */
const joinMs: DurationMs = 15 * MINUTE;

/** Which groups may still be joined. */
export interface OpenGroups {
  readonly groups: readonly { readonly id: string; readonly key: string }[];
}

export const openGroups = "groups";

export const fleetKey = "fleet|";

/** What a thread may share with others; null for what is never grouped. */
export function keyOf(sitting: Sitting, thread: Thread): string | null {
  if (thread.agent === null) return null;
  const route = sitting.rules.routeOf(thread).name;
  if (thread.kind === "silent" && isCommon(sitting, `${fleetKey}${route}`)) return `${fleetKey}${route}`;
  const family = outageKinds.some((kind) => kind === thread.kind) ? "outage" : thread.kind;
  return thread.host === null ? `kind|${thread.kind}|${route}` : `host|${family}|${thread.host}|${route}`;
}

/** Half of the fleet, or one that is already told of. */
function isCommon(sitting: Sitting, key: string): boolean {
  const { up, silentLately } = sitting.rules.fleet(sitting.now);
  if (silentLately >= fewestOfFleet && silentLately * 2 >= silentLately + up) return true;
  return joinable(sitting, key) !== null;
}

export function joinable(sitting: Sitting, key: string): Group | null {
  const open = recall<OpenGroups>(sitting, openGroups)?.groups ?? [];
  for (const { id } of open.filter((one) => one.key === key)) {
    const group = recall<Group>(sitting, groupKey(id));
    if (group !== null && group.firstBackAt === null && sitting.now - group.lastJoinAt <= joinMs) return group;
  }
  return null;
}

export function fewestOf(sitting: Sitting, key: string, first: Thread): number {
  // Those that are late now join it in a moment: it may begin with one.
  if (key.startsWith(fleetKey)) return sitting.rules.fleet(sitting.now).silentLately >= fewestOfFleet ? 1 : fewest;
  return first.kind === "supervisor-lost" ? fewestLost : fewest;
}

export function whatOf(key: string, first: Thread): Group["what"] {
  if (key.startsWith(fleetKey)) return "fleet";
  if (first.kind === "supervisor-lost") return "supervisor";
  return key.startsWith("host|") ? "host" : "kind";
}
