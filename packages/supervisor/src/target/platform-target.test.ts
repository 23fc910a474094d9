// What no real platform shows at will; platforms.test.ts has the rest.

import assert from "node:assert/strict";
import { test } from "node:test";
import { agentIn } from "../testing/supervisor-in-test.ts";
import type { PlatformDriver } from "./platform-driver.ts";
import { PlatformTarget } from "./platform-target.ts";

test("a target that was let go of while it was being stopped touches nothing any more: its next keeper goes on", async () => {
  let kills = 0;
  const driver: PlatformDriver = {
    platform: "docker",
    what: "container bot",
    observe: () =>
      Promise.resolve({
        known: true,
        running: { pid: null, token: "one" },
        lastEnd: null,
        restarting: false,
        remark: null,
      }),
    start: () => Promise.resolve(null),
    requestStop: () => Promise.resolve(),
    kill: () => {
      kills += 1;
      return Promise.resolve();
    },
    hold: () => Promise.resolve(),
    subscribe: () => () => undefined,
    lastLines: () => Promise.resolve([]),
    evidence: () => Promise.resolve([]),
    conflicts: () => Promise.resolve([]),
    close: () => Promise.resolve(),
  };
  const target = new PlatformTarget({
    agent: agentIn("/", { stopGraceMs: 500, stopLimitMs: 500 }),
    driver,
    now: Date.now,
    takeEvidence: () => Promise.reject(new Error("nobody hangs here")),
    onEnded: () => undefined,
    onUnkillable: () => undefined,
    onAppeared: () => undefined,
    onEvidence: () => undefined,
    log: () => undefined,
  });
  await target.adopt({ runId: "r1", identity: { pid: 0, startTime: "one", bootId: "" } });
  target.stop("command", { kill: false });
  target.letGo();
  assert.equal(await target.swept(), "container bot still runs and could not be stopped");
  assert.equal(kills, 0);
});
