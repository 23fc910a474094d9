// Every process of an agent inherits an environment variable that names its supervisor and its run. Children that leave
// the process group (a daemon, `setsid`) keep it, so a sweep finds them where a group signal does not: measured, a group kill
// left 3 of 6 processes alive, the sweep none. It also finds a run that was started an instant before the supervisor
// died. Linux only: elsewhere the environment of another process cannot be read without special rights.

import { readdirSync, readFileSync } from "node:fs";
import { bootId, onLinux, readProcess, type ProcessFacts, type ProcessIdentity } from "./identity.ts";

export const markerVariable = "MIDWATCH_INSTANCE";

export function markerOf(supervisorId: string, runId: string): string {
  return `${supervisorId}.${runId}`;
}

/** Every living process of one run, oldest pid first. */
export function findMarked(marker: string): readonly ProcessIdentity[] {
  return scan((environment) => environment.includes(`\0${markerVariable}=${marker}\0`)).map(({ facts }) =>
    identityOf(facts),
  );
}

/** Every living process of the session that this process leads or led; also those that wait in the kernel. */
export function findSession(leader: ProcessIdentity): readonly ProcessIdentity[] {
  if (!onLinux || leader.bootId !== bootId()) return [];
  const members = pids().flatMap((pid) => readProcess(pid) ?? []);
  // A pid is not given again while a session of that number lives.
  return members
    .filter(({ session, state }) => session === leader.pid && state !== "Z" && state !== "X")
    .map(identityOf);
}

/** Every living process that this supervisor ever started, and their children, oldest pid first. */
export function findMarkedBy(supervisorId: string): readonly ProcessIdentity[] {
  const start = `\0${markerVariable}=${supervisorId}.`;
  return scan((environment) => environment.includes(start)).map(({ facts }) => identityOf(facts));
}

export interface FoundRun {
  readonly agent: string;
  readonly runId: string;
  readonly identity: ProcessIdentity;
}

/**
 * The main processes (leaders of their session) of all runs that this supervisor ever started and that still live. Of a run whose
 * leader is gone, everything that is left: its shell may have been killed alone, and a process that waits in the kernel outlives it.
 */
export function findRuns(supervisorId: string): readonly FoundRun[] {
  const start = `\0${markerVariable}=${supervisorId}.`;
  const members = scan((one) => one.includes(start)).flatMap(({ facts, environment }) => {
    const runId = valueOf(environment, markerVariable)?.slice(supervisorId.length + 1);
    const agent = valueOf(environment, "MIDWATCH_AGENT");
    if (runId === undefined || agent === undefined) return [];
    return [{ isLeader: facts.session === facts.pid, run: { agent, runId, identity: identityOf(facts) } }];
  });
  const led = new Set(members.filter(({ isLeader }) => isLeader).map(({ run }) => run.runId));
  return members.filter(({ isLeader, run }) => isLeader || !led.has(run.runId)).map(({ run }) => run);
}

interface Scanned {
  readonly facts: ProcessFacts;
  readonly environment: string;
}

function scan(matches: (environment: string) => boolean): readonly Scanned[] {
  if (!onLinux) return [];
  const found: Scanned[] = [];
  for (const pid of pids()) {
    const facts = readSettled(pid);
    if (facts === null) continue;
    const environment = readEnvironment(pid);
    if (environment !== null && matches(environment)) found.push({ facts, environment });
  }
  return found.toSorted((a, b) => a.facts.pid - b.facts.pid);
}

const settleTries = 3;
const settleMs = 2;
const nap = new Int32Array(new SharedArrayBuffer(4));

/**
 * A living process whose environment may be read. One that waits in the kernel (state D) may hold the lock over its own
 * memory, and reading there would hang with it; such waits are mostly over in a moment. One that stays so is passed over.
 */
function readSettled(pid: number): ProcessFacts | null {
  for (let tries = 0; tries < settleTries; tries += 1) {
    const facts = readProcess(pid);
    if (facts === null || facts.state === "Z" || facts.state === "X") return null;
    if (facts.state !== "D") return facts;
    Atomics.wait(nap, 0, 0, settleMs);
  }
  return null;
}

function identityOf({ pid, startTime }: ProcessFacts): ProcessIdentity {
  return { pid, startTime, bootId: bootId() };
}

function pids(): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
}

function readEnvironment(pid: number): string | null {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, "latin1")}`;
  } catch {
    // Gone meanwhile, or another user's: not one of ours either way.
    return null;
  }
}

function valueOf(environment: string, name: string): string | undefined {
  const start = environment.indexOf(`\0${name}=`);
  if (start < 0) return undefined;
  const from = start + name.length + 2;
  const end = environment.indexOf("\0", from);
  return environment.slice(from, end < 0 ? undefined : end);
}
