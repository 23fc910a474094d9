// A unit's main process as this host sees it. A pid of systemd's is believed only when the process of that pid is in the
// unit's control group: of a systemd in another pid namespace (a container) the same number is somebody else here.

import { readFileSync } from "node:fs";
import { identify, type ProcessIdentity } from "../process/identity.ts";

/** Null when no process of that pid belongs to the unit. */
export function identifyInUnit(pid: number | null, controlGroup: string): ProcessIdentity | null {
  const identity = pid === null || controlGroup === "" ? null : identify(pid);
  if (identity === null) return null;
  try {
    const groups = readFileSync(`/proc/${identity.pid}/cgroup`, "utf8").split("\n");
    return groups.some((line) => isWithin(line, controlGroup)) ? identity : null;
  } catch {
    // Gone meanwhile.
    return null;
  }
}

/** `line` as in `4:memory:/path` or `0::/path`. A program may make groups of its own below the unit's. */
function isWithin(line: string, controlGroup: string): boolean {
  const path = line.slice(line.indexOf("/"));
  return path === controlGroup || path.startsWith(`${controlGroup}/`);
}
