// A control group with little memory, so that a test can make the kernel kill for real. Needs root and a memory controller
// of either kind; gone after the test.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { until } from "./until.ts";

const limitBytes = 32 * 2 ** 20;
let made = 0;

/** The folder of the group, or null where this machine does not let one be made; the test has then said so. */
export function makeMemoryGroup(t: TestContext): string | null {
  made += 1;
  const name = `midwatch-test-${process.pid}-${made}`;
  try {
    const isSecond = existsSync("/sys/fs/cgroup/cgroup.controllers");
    const folder = join(isSecond ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory", name);
    mkdirSync(folder);
    t.after(() => until("the control group was empty", () => hasGone(folder)));
    for (const [file, value] of isSecond ? secondLimits : firstLimits) {
      // Without an account of swap there is no such file, and nothing to forbid.
      if (existsSync(join(folder, file))) writeFileSync(join(folder, file), String(value));
    }
    if (!existsSync(join(folder, isSecond ? "memory.max" : "memory.limit_in_bytes")))
      throw new Error("it has no limit");
    return folder;
  } catch (error) {
    const why = `no control group with a memory limit can be made here (root and a memory controller are needed): ${String(error)}`;
    console.error(`SKIPPED: ${t.name}: ${why}`);
    t.skip(why);
    return null;
  }
}

const firstLimits = [
  ["memory.limit_in_bytes", limitBytes],
  ["memory.memsw.limit_in_bytes", limitBytes],
] as const;

const secondLimits = [
  ["memory.max", limitBytes],
  ["memory.swap.max", 0],
] as const;

function hasGone(folder: string): boolean {
  try {
    for (const pid of readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n")) {
      if (pid !== "") process.kill(Number(pid), "SIGKILL");
    }
    rmdirSync(folder);
    return true;
  } catch {
    // A killed process needs a moment to leave it.
    return false;
  }
}
