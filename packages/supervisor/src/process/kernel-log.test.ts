import assert from "node:assert/strict";
import { test } from "node:test";
import { readRecord } from "./kernel-log.ts";

const killed = "Killed process 4711 (node) total-vm:51748kB, anon-rss:48896kB, UID:0 pgtables:136kB oom_score_adj:0";

test("a kill for want of memory is read from each of the kernel's ways to tell it", () => {
  for (const text of [
    `Memory cgroup out of memory: ${killed}`,
    `Out of memory: ${killed}`,
    `Out of memory (oom_kill_allocating_task): ${killed}`,
    killed,
  ]) {
    const kill = { sequence: 812, pid: 4711 };
    assert.deepEqual(readRecord(`3,812,13129915337,-;${text}\n`), { sequence: 812, kill }, text);
  }
});

test("a program that writes such a line into the log, or quotes one, is not believed", () => {
  assert.equal(readRecord(`12,9,5,-;Out of memory: ${killed}\n`).kill, null);
  assert.equal(readRecord(`6,9,5,-;audit: name="Out of memory" Killed process 4711\n`).kill, null);
  assert.equal(readRecord(`6,9,5,-;oom_reaper: reaped process 4711 (node), now anon-rss:0kB\n`).kill, null);
});

test("what is no record counts for nothing", () => {
  assert.deepEqual(readRecord(""), { sequence: -1, kill: null });
  assert.deepEqual(readRecord("Killed process 1 (init)"), { sequence: -1, kill: null });
});
