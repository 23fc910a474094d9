// What a process that no longer turns its loop was doing, taken before it is killed: afterwards nobody can ask. It costs
// about a third of a second and never fails; what cannot be seen is left out.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { isAlive, onLinux, readProcess, type ProcessIdentity } from "./identity.ts";

const sampleMs = 300;

/** Lines for a person: state, processor use, memory, where it waits. Empty where the system tells nothing. */
export async function describeHungProcess(identity: ProcessIdentity): Promise<readonly string[]> {
  if (!isAlive(identity)) return [];
  const state = readProcess(identity.pid)?.state ?? null;
  const before = processorTicks(identity.pid);
  await pause(sampleMs);
  const after = processorTicks(identity.pid);
  const percent = before === null || after === null ? null : Math.round(((after - before) * 1_000) / sampleMs);
  const status = onLinux ? read(`/proc/${identity.pid}/status`) : null;
  const memory = valueOf(status, "VmRSS");
  const threads = valueOf(status, "Threads");
  const waits = onLinux ? read(`/proc/${identity.pid}/wchan`) : null;
  const facts = [
    `process ${identity.pid}`,
    state === null ? null : `state ${state} (${stateName(state)})`,
    percent === null ? null : `${percent} % of one processor`,
    memory === null ? null : `${memory} resident`,
    threads === null ? null : `${threads} threads`,
    openFiles(identity.pid),
    waits === null || waits === "0" || waits === "" ? null : `waits in ${waits}`,
  ];
  return [`[midwatch] when it hung: ${facts.filter((fact) => fact !== null).join(", ")}`];
}

/** Ticks of 10 ms that the process has used; null where that cannot be read. */
function processorTicks(pid: number): number | null {
  if (!onLinux) return null;
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return null;
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function stateName(state: string): string {
  switch (state) {
    case "R":
      return "running";
    case "S":
      return "sleeping";
    case "D":
      return "waiting in the kernel";
    case "T":
    case "t":
      return "halted by a signal or a debugger";
    default:
      return "unusual";
  }
}

function openFiles(pid: number): string | null {
  if (!onLinux) return null;
  try {
    return `${readdirSync(`/proc/${pid}/fd`).length} open files`;
  } catch {
    // Gone meanwhile or another user's.
    return null;
  }
}

function valueOf(status: string | null, name: string): string | null {
  return new RegExp(`^${name}:\\s+(.+)$`, "m").exec(status ?? "")?.[1]?.trim() ?? null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // Gone meanwhile, or hidden from this user.
    return null;
  }
}
