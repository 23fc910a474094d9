// The kernel counts its out-of-memory kills per control group. A group may hold many processes, so what tells is not the
// count but a rise of it just now: each counter is read again and again, and only a rise since the last reading but one
// counts, once for each kill.

import { readFileSync } from "node:fs";

interface Readings {
  older: number;
  newer: number;
}

export class OomCounters {
  readonly #readings = new Map<string, Readings>();

  /** Begins to watch the group of a process; returns its counter's file, or null where there is none. */
  watch(pid: number): string | null {
    const file = counterFileOf(pid);
    const count = file === null ? null : readCounter(file);
    if (file === null || count === null) return null;
    if (!this.#readings.has(file)) this.#readings.set(file, { older: count, newer: count });
    return file;
  }

  look(): void {
    for (const [file, readings] of this.#readings) {
      const count = readCounter(file);
      if (count === null) this.#readings.delete(file);
      else this.#readings.set(file, { older: readings.newer, newer: count });
    }
  }

  /** How many kills were counted just now that nobody has taken yet. */
  rise(file: string | null): number {
    const readings = this.#of(file);
    const count = file === null ? null : readCounter(file);
    return readings === undefined || count === null ? 0 : count - readings.older;
  }

  take(file: string | null): void {
    const readings = this.#of(file);
    if (readings === undefined) return;
    readings.older += 1;
    readings.newer = Math.max(readings.newer, readings.older);
  }

  #of(file: string | null): Readings | undefined {
    return file === null ? undefined : this.#readings.get(file);
  }
}

/** The file that holds the counter for the group of a process: cgroup v2 first, then v1. */
function counterFileOf(pid: number): string | null {
  const groups = read(`/proc/${pid}/cgroup`);
  if (groups === null) return null;
  return counterFiles(groups).find((candidate) => readCounter(candidate) !== null) ?? null;
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
