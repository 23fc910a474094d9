// Whether a process was killed because memory ran out. A SIGKILL (or status 137) proves nothing: anybody can send one.
// The kernel counts its out-of-memory kills per control group; only when the counter of the process's group rose
// around its death is "out of memory" said. The group may hold other processes too, so the counter is read again
// and again, and only a rise within the last two readings counts.

import { readFileSync } from "node:fs";
import type { OutOfMemory } from "@midwatch/core";
import { onLinux } from "./identity.ts";

interface Readings {
  older: number;
  newer: number;
}

/** Remembers the out-of-memory counters of the control groups that agents run in. */
export class OutOfMemoryWatch {
  readonly #readings = new Map<string, Readings>();

  /** Begins to watch the group of a process; returns its counter's file, or null where there is none. */
  watch(pid: number): string | null {
    const file = counterFileOf(pid);
    const count = file === null ? null : readCounter(file);
    if (file === null || count === null) return null;
    if (!this.#readings.has(file)) this.#readings.set(file, { older: count, newer: count });
    return file;
  }

  /** Reads all counters anew; called every few seconds. */
  look(): void {
    for (const [file, readings] of this.#readings) {
      const count = readCounter(file);
      if (count === null) this.#readings.delete(file);
      else this.#readings.set(file, { older: readings.newer, newer: count });
    }
  }

  /** Null unless a kill was counted lately that no death has claimed yet; claims one. */
  claim(file: string | null): OutOfMemory | null {
    if (file === null) return null;
    const readings = this.#readings.get(file);
    const count = readCounter(file);
    if (!readings || count === null || count <= readings.older) return null;
    readings.older += 1;
    readings.newer = Math.max(readings.newer, readings.older);
    return { confidence: "likely", seen: "the out-of-memory counter of its control group rose as it died" };
  }
}

/** The file that holds the counter for the group of a process: cgroup v2 first, then v1. */
function counterFileOf(pid: number): string | null {
  if (!onLinux) return null;
  const groups = read(`/proc/${pid}/cgroup`);
  if (groups === null) return null;
  for (const candidate of counterFiles(groups)) if (readCounter(candidate) !== null) return candidate;
  return null;
}

/** Inside a container the named group is often invisible, and its own group is mounted as the root. */
export function counterFiles(groups: string): readonly string[] {
  const v2 = /^0::(.*)$/m.exec(groups)?.[1];
  const v1 = /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m.exec(groups)?.[1];
  return [
    ...(v2 === undefined ? [] : [`/sys/fs/cgroup${v2}/memory.events.local`, `/sys/fs/cgroup${v2}/memory.events`]),
    ...(v2 === undefined ? [] : ["/sys/fs/cgroup/memory.events"]),
    ...(v1 === undefined ? [] : [`/sys/fs/cgroup/memory${v1}/memory.oom_control`]),
    ...(v1 === undefined ? [] : ["/sys/fs/cgroup/memory/memory.oom_control"]),
  ];
}

function readCounter(file: string): number | null {
  const count = /^oom_kill (\d+)$/m.exec(read(file) ?? "")?.[1];
  return count === undefined ? null : Number(count);
}

function read(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // No such group or not mounted here: there is no evidence to be had.
    return null;
  }
}
