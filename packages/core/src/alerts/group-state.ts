// What is remembered of a group, and what follows from it alone.

import { MINUTE, SECOND, type DurationMs, type Ms } from "../time.ts";
import type { AlertMember } from "./message.ts";
import type { AlertRoute } from "./rules.ts";
import { recall, threadKey, type Sitting } from "./sitting.ts";
import type { Telling, Thread } from "./thread.ts";

/** How long the first that is back waits for the others before it is told of. */
const returnMs: DurationMs = MINUTE;
/** Least time between messages about those who joined, where a message cannot be changed. */
export const followUpMs: DurationMs = 5 * MINUTE;

/** Least time between two changes of a message. Each is a message in a line, and behind hundreds of them a page would wait. */
const updateMs: DurationMs = 10 * SECOND;

export interface Group {
  readonly id: string;
  /** What its members have in common. */
  readonly key: string;
  readonly what: "fleet" | "host" | "kind" | "supervisor";
  readonly route: string;
  readonly host: string | null;
  readonly members: readonly AlertMember[];
  readonly severity: Thread["severity"];
  readonly tags: readonly string[];
  readonly openedAt: Ms;
  readonly since: Ms;
  readonly lastJoinAt: Ms;
  /** Nobody joins it after that. */
  readonly firstBackAt: Ms | null;
  /** The first that is back and of which nothing was told yet. */
  readonly backSince: Ms | null;
  /** Something has changed since the message was changed, at `updatedAt`. */
  readonly stale: boolean;
  readonly updatedAt: Ms;
  /** Joined since the last message that everybody got. */
  readonly untold: number;
  readonly telling: Telling;
  /** How many were up when it began, the members included; for the words. */
  readonly outOf: number;
}

/** When those that are back are told of: the first a minute after it, later ones as rarely as those that join. */
export function returnsAt({ backSince, firstBackAt }: Group): Ms {
  if (backSince === null) return Infinity;
  return backSince + (backSince === firstBackAt ? returnMs : followUpMs);
}

/** When its message may be changed again; Infinity while there is nothing to change. */
export function updatesAt({ stale, updatedAt }: Group): Ms {
  return stale ? updatedAt + updateMs : Infinity;
}

/** When all are that it would be told for: a silence of one member is none of the others'. */
export function isMuted(sitting: Sitting, { members }: Group): boolean {
  const open = members.filter(({ resolvedAt, acknowledged }) => resolvedAt === null && !acknowledged);
  return (
    open.length > 0 &&
    open.every(({ thread: id }) => {
      const thread = recall<Thread>(sitting, threadKey(id));
      return thread !== null && sitting.rules.mutedBy(thread, sitting.now) !== null;
    })
  );
}

export function routeOf(sitting: Sitting, group: Group): AlertRoute {
  return sitting.rules.routeOf(subjectOf(group));
}

/** The first member stands for all: they came by the same route. */
function subjectOf({ members, severity, host, tags }: Group) {
  const [first] = members;
  return { agent: first?.agent ?? null, kind: first?.kind ?? "", severity, host, tags };
}

export function worst(threads: readonly Thread[]): Thread["severity"] {
  return threads.some(({ severity }) => severity === "page") ? "page" : (threads[0]?.severity ?? "warn");
}
