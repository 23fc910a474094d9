import { setFlagsFromString } from "node:v8";

/**
 * For a process that supervises: to be called before the rest of its program is loaded. It lives for months beside the
 * agents that need the memory, and has little to compute. The room for young objects stays at its first megabyte
 * instead of 16, and V8 does without its slowest and largest compiler; a faster one does the same work as well here (2 MB of state
 * checked in 60 ms either way). Measured with 20 agents: 85 MB resident instead of 98, of which 45 are Node's own.
 */
export function stayLean(): void {
  for (const flag of ["--semi-space-growth-factor=1", "--no-opt"]) setFlagsFromString(flag);
}
