// Which process is meant. A pid alone is not enough: it is reused, it outlives its process as a zombie, and after a
// reboot it belongs to somebody else. A process is named by pid, start time and boot together, and that name is checked
// before every signal, so that no stranger is ever killed. What remains is the moment between check and signal.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal only for the same process: clock ticks since boot on Linux, a date elsewhere. */
  readonly startTime: string;
  readonly bootId: string;
}

export interface ProcessFacts {
  readonly pid: number;
  /** As in `ps`: R, S, D, T, Z, X, … */
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly startTime: string;
}

export const onLinux = process.platform === "linux";

let knownBootId: string | null = null;

/** Changes with every boot of the machine. */
export function bootId(): string {
  knownBootId ??= readBootId();
  return knownBootId;
}

function readBootId(): string {
  try {
    if (onLinux) return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return execFileSync("sysctl", ["-n", "kern.boottime"], { encoding: "utf8", timeout: 2_000 }).trim();
  } catch {
    // A sandbox may hide it. Start times then have to tell processes apart alone.
    return "unknown";
  }
}

/** What the system knows of a pid; null when there is no such process. */
export function readProcess(pid: number): ProcessFacts | null {
  return onLinux ? readFromProc(pid) : readFromPs(pid);
}

function readFromProc(pid: number): ProcessFacts | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  } catch {
    // Gone, which is the answer.
    return null;
  }
  // The command's name stands in parentheses and may hold anything; the fields after the last one are plain.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, , group, session] = fields;
  const startTime = fields[19];
  if (state === undefined || group === undefined || session === undefined || startTime === undefined) return null;
  return { pid, state, group: Number(group), session: Number(session), startTime };
}

function readFromPs(pid: number): ProcessFacts | null {
  try {
    const line = execFileSync("ps", ["-o", "stat=,pgid=,sess=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      timeout: 2_000,
    }).trim();
    const [state, group, , ...started] = line.split(/\s+/);
    if (!state || !group) return null;
    // macOS prints the session as a kernel address; agents are session and group leaders at once.
    return {
      pid,
      state: state.slice(0, 1),
      group: Number(group),
      session: Number(group),
      startTime: started.join(" "),
    };
  } catch {
    // `ps` fails when there is no such process.
    return null;
  }
}

/** Pids of the direct children, oldest first; empty where the system tells none. */
export function childrenOf(pid: number): readonly number[] {
  if (!onLinux) return [];
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim();
    return children === "" ? [] : children.split(" ").map(Number);
  } catch {
    // Gone meanwhile, or a kernel that does not list them.
    return [];
  }
}

/** The full name of a living process; null when it is gone or a zombie. */
export function identify(pid: number): ProcessIdentity | null {
  const facts = readProcess(pid);
  return facts && isLivingState(facts.state) ? { pid, startTime: facts.startTime, bootId: bootId() } : null;
}

/** True while exactly this process lives. A zombie answers signals and is dead all the same. */
export function isAlive(identity: ProcessIdentity): boolean {
  if (identity.bootId !== bootId()) return false;
  const facts = readProcess(identity.pid);
  return facts !== null && facts.startTime === identity.startTime && isLivingState(facts.state);
}

function isLivingState(state: string): boolean {
  return state !== "Z" && state !== "X";
}

/** Signals this process if it is still this process; false when it is gone. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  return isAlive(identity) && send(identity.pid, signal);
}

/** Signals the whole group that this living process leads; false when it is gone or leads none. */
export function signalGroup(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity) || readProcess(identity.pid)?.group !== identity.pid) return false;
  return send(-identity.pid, signal);
}

function send(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch {
    // ESRCH: it ended between the check and the signal. EPERM: it changed its user; the caller sees that it lives on.
    return false;
  }
}
