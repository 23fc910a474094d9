import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { KeptProcess } from "./kept-process.ts";

test("a process that the system cannot start now is tried again, and does not keep the end waiting", async (t) => {
  const { execPath } = process;
  process.execPath = "no-such-node";
  t.after(() => {
    process.execPath = execPath;
  });
  const lines: string[] = [];
  const kept = new KeptProcess({
    name: "server",
    args: [],
    onReady: () => undefined,
    onRefused: () => assert.fail("a person has nothing to mend"),
    log: (line) => lines.push(line),
  });
  kept.start();
  for (let tries = 0; lines.length < 2 && tries < 1_000; tries += 1) await pause(20);
  await kept.stop(60_000);
  assert.match(lines.join("\n"), /could not be started: .*started again in 500 ms\n.*could not be started: .*in 1 s/s);
});
