import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { identify } from "../process/identity.ts";
import { until } from "../testing/until.ts";
import { watchActivity, watchByPs } from "./activity.ts";

test("where there is no /proc, ps tells the same of a process that spins and one that waits", async (t) => {
  const spinner = spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" });
  const sleeper = spawn("sleep", ["600"], { stdio: "ignore" });
  t.after(() => [spinner, sleeper].map((child) => child.kill("SIGKILL")));
  const members = [spinner, sleeper].map(({ pid }) => identify(pid ?? -1)).filter((one) => one !== null);
  assert.equal(members.length, 2);
  await until("both systems say so", async () => {
    const told = await Promise.all([watchByPs(members), watchActivity(members)]);
    return told.every((activities) => activities.map(({ doing }) => doing).join() === "spinning,waiting");
  });
  const [, byPs] = await watchByPs(members);
  assert.equal(byPs?.name, "sleep");
  assert.equal(byPs.parent, process.pid);
});
