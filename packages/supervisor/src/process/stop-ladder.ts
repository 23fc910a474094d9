// Ends a process and everything it started. Each rung is bounded, so the ladder always comes to its end:
//
// | rung | what | how long |
// |---|---|---|
// | ask | TERM to the group and to children that left it; CONT, so that a halted process can hear it | the grace |
// | force | KILL to all that is left | 1 s |
// | sweep | whatever still carries the run's marker is looked for again and killed | 3 rounds |
//
// What is still there after that cannot be killed (waiting in the kernel for a disk or a network mount). It is named, and the
// caller must not start a second copy beside it.

import { setTimeout as pause } from "node:timers/promises";
import type { DurationMs } from "@midwatch/core";
import { isAlive, onLinux, readProcess, signalGroup, signalProcess, type ProcessIdentity } from "./identity.ts";
import { findMarked } from "./marker.ts";

export interface ProcessTree {
  /** The main process, dead or alive; null when it was never seen. */
  readonly identity: ProcessIdentity | null;
  readonly marker: string;
}

export interface Ladder {
  readonly graceMs: DurationMs;
  /** Begin with KILL. */
  readonly kill: boolean;
  /** Ends the grace early: somebody has asked for KILL meanwhile. */
  readonly hurry?: AbortSignal;
}

/** How long KILL may take; the kernel acts at once unless the process waits inside it. */
const killWaitMs = 1_000;
const sweepRounds = 3;

/** Stops the tree; resolves to what could not be ended, in the usual case nothing. */
export async function stopTree(tree: ProcessTree, ladder: Ladder): Promise<readonly ProcessIdentity[]> {
  let members = membersOf(tree);
  if (members.length > 0 && !ladder.kill) {
    ask(tree, members);
    members = await waitUntilGone(tree, members, ladder.graceMs, ladder.hurry);
  }
  for (let round = 0; round < sweepRounds && members.length > 0; round += 1) {
    if (tree.identity) signalGroup(tree.identity, "SIGKILL");
    for (const member of members) signalProcess(member, "SIGKILL");
    members = await waitUntilGone(tree, members, killWaitMs);
  }
  return members;
}

function membersOf({ identity, marker }: ProcessTree): readonly ProcessIdentity[] {
  const marked = findMarked(marker);
  if (identity === null || !isAlive(identity) || marked.some(({ pid }) => pid === identity.pid)) return marked;
  return [identity, ...marked];
}

function ask({ identity }: ProcessTree, members: readonly ProcessIdentity[]): void {
  const group = identity !== null && signalGroup(identity, "SIGTERM") ? identity.pid : null;
  for (const member of members) {
    const facts = readProcess(member.pid);
    if (facts === null) continue;
    if (facts.group !== group) signalProcess(member, "SIGTERM");
    if (facts.state === "T") signalProcess(member, "SIGCONT");
  }
}

/** Waits for the known members, then looks for ones they left behind; resolves to those still alive at the end. */
async function waitUntilGone(
  tree: ProcessTree,
  members: readonly ProcessIdentity[],
  limitMs: DurationMs,
  hurry?: AbortSignal,
): Promise<readonly ProcessIdentity[]> {
  const deadline = performance.now() + limitMs;
  let left = members.filter(isAlive);
  let waitMs = 5;
  for (;;) {
    if (left.length === 0) {
      left = [...membersOf(tree)];
      // Elsewhere than on Linux nothing can be found anew.
      if (left.length === 0 || !onLinux) return left;
    }
    const remainingMs = deadline - performance.now();
    if (remainingMs <= 0 || hurry?.aborted) return membersOf(tree);
    await pause(Math.min(waitMs, remainingMs));
    waitMs = Math.min(waitMs * 2, 100);
    left = left.filter(isAlive);
  }
}

/** For a person: which processes are left and why that can be. */
export function describeUnkillable(left: readonly ProcessIdentity[]): string {
  const each = left.slice(0, 5).map(({ pid }) => `${pid} (state ${readProcess(pid)?.state ?? "gone by now"})`);
  return `${left.length === 1 ? "process" : "processes"} ${each.join(", ")} of its last run cannot be killed, so no second copy is started beside it; state D is a wait in the kernel, often for a disk or a network mount: find out which, then restart the agent`;
}
