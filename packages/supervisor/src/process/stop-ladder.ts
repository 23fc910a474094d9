// Ends a process and everything it started. Each rung is bounded, so the ladder always comes to its end:
//
// | rung | what | how long |
// |---|---|---|
// | announce | nothing yet: the answers to its beats tell it to stop | the announcement |
// | ask | TERM to the group and to children that left it; CONT, so that a halted process can hear it | the grace, longer if the agent asks for it, up to a limit |
// | force | KILL to all that is left | 1 s |
// | sweep | whatever still carries the run's marker is looked for again and killed | 3 rounds |
//
// What is still there after that cannot be killed (waiting in the kernel for a disk or a network mount). It is named, and the
// caller must not start a second copy beside it.

import { setTimeout as pause } from "node:timers/promises";
import type { DurationMs } from "@midwatch/core";
import { graceEnd, type Grace } from "../target/grace.ts";
import { isAlive, onLinux, readProcess, signalGroup, signalProcess, type ProcessIdentity } from "./identity.ts";
import { findMarked, findSession } from "./marker.ts";

export interface ProcessTree {
  /** The main process, dead or alive; null when it was never seen. */
  readonly identity: ProcessIdentity | null;
  readonly marker: string;
  /**
   * What could not be ended before. It is known by name alone: what waits in the kernel may not be asked for its marker, and the
   * leader of its session, which only waited for it, is dead.
   */
  readonly stuck?: readonly ProcessIdentity[];
}

export interface Ladder extends Grace {
  /** Before TERM, for an agent that hears of it in the answers to its beats. */
  readonly announceMs?: DurationMs;
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
    const { announceMs = 0, hurry } = ladder;
    const toldAt = performance.now();
    if (announceMs > 0) members = await waitUntilGone(tree, members, () => toldAt + announceMs, hurry);
    const grace = graceEnd(performance.now(), ladder);
    ask(tree, members);
    members = await waitUntilGone(tree, members, grace, hurry);
  }
  for (let round = 0; round < sweepRounds && members.length > 0; round += 1) {
    if (tree.identity) signalGroup(tree.identity, "SIGKILL");
    for (const member of members) signalProcess(member, "SIGKILL");
    const killedAt = performance.now();
    members = await waitUntilGone(tree, members, () => killedAt + killWaitMs);
  }
  return members;
}

/** Every living process of the tree, its main process first. */
export function membersOf({ identity, marker, stuck = [] }: ProcessTree): readonly ProcessIdentity[] {
  const led = identity !== null && isAlive(identity) ? [identity, ...findSession(identity)] : [];
  return distinct([...led, ...stuck.filter(isAlive), ...findMarked(marker)]);
}

function distinct(members: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  return [...new Map(members.map((one) => [one.pid, one])).values()];
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
  deadline: () => number,
  hurry?: AbortSignal,
): Promise<readonly ProcessIdentity[]> {
  let left = members.filter(isAlive);
  let waitMs = 5;
  for (;;) {
    if (left.length === 0) {
      left = [...membersOf(tree)];
      // Elsewhere than on Linux nothing can be found anew.
      if (left.length === 0 || !onLinux) return left;
    }
    const remainingMs = deadline() - performance.now();
    if (remainingMs <= 0 || hurry?.aborted) return distinct([...left, ...membersOf(tree)]);
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
