import assert from "node:assert/strict";
import { test } from "node:test";
import { counterFiles } from "./oom-counters.ts";

test("the counter is looked for in the group of the process, then where a container sees its own", () => {
  assert.deepEqual(counterFiles("0::/system.slice/bot.service\n"), [
    "/sys/fs/cgroup/system.slice/bot.service/memory.events.local",
    "/sys/fs/cgroup/system.slice/bot.service/memory.events",
    "/sys/fs/cgroup/memory.events",
  ]);
  assert.deepEqual(counterFiles("5:cpu,memory:/jobs\n"), [
    "/sys/fs/cgroup/memory/jobs/memory.oom_control",
    "/sys/fs/cgroup/memory/memory.oom_control",
  ]);
  assert.deepEqual(counterFiles(""), []);
});
