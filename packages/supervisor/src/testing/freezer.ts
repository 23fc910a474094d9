// A control group whose processes can be stopped in the kernel: they show state D, and not even KILL ends them before they
// are thawed. That is what a disk or a network mount that does not answer does to a process.

import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { until } from "./until.ts";

export interface Freezer {
  readonly freeze: (pid: number) => void;
  readonly thaw: () => void;
}

/** Null, with a loud word, where this user cannot make one (no root, or only control groups of version 2, where KILL gets through). */
export function freezerOrSkip(t: TestContext): Freezer | null {
  const folder = join("/sys/fs/cgroup/freezer", `midwatch-test-${process.pid}`);
  try {
    mkdirSync(folder);
  } catch (error) {
    const why = `no control group of version 1 can be made here: ${String(error)}`;
    console.error(`SKIPPED: ${t.name}: ${why}`);
    t.skip(why);
    return null;
  }
  const set = (state: string): void => writeFileSync(join(folder, "freezer.state"), state);
  t.after(async () => {
    set("THAWED");
    await until("the control group was empty", () => hasGone(folder));
  });
  return {
    freeze: (pid) => {
      writeFileSync(join(folder, "cgroup.procs"), String(pid));
      set("FROZEN");
    },
    thaw: () => set("THAWED"),
  };
}

function hasGone(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    // A killed process needs a moment to leave it.
    return false;
  }
}
