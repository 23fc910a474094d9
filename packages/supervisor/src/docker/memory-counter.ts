// The kernel's own count of the out-of-memory kills in a container, where the container runs on this very host. It tells
// what an event lost in a restart of the daemon would have told: that a process inside was killed and the container
// went on. After the container's end its control group is gone, and with it the counter.

import { readFileSync } from "node:fs";
import { counterFiles } from "../process/oom-counters.ts";

/**
 * Null when that process is not this container's as seen from here: another host's, another pid namespace's, or gone
 * meanwhile; and on a host that has no control groups.
 */
export function controlGroups(pid: number, containerId: string): string | null {
  const groups = read(`/proc/${pid}/cgroup`);
  return groups?.includes(containerId) === true ? groups : null;
}

/** Kills since the start of the container; null where it is not counted. */
export function countMemoryKills(groups: string, containerId: string): number | null {
  // A group above the container's counts its neighbours as well.
  for (const file of counterFiles(groups).filter((path) => path.includes(containerId))) {
    const count = /^oom_kill (\d+)$/m.exec(read(file) ?? "")?.[1];
    if (count !== undefined) return Number(count);
  }
  return null;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No such process or group here.
    return null;
  }
}
