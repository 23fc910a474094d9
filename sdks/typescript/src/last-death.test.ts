import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Midwatch } from "./midwatch.ts";
import { HeldClock } from "./testing/held-clock.ts";
import { scratchFolder } from "./testing/scratch.ts";
import type { LastDeath } from "./last-death.ts";

function deathSeenWith(env: Readonly<Record<string, string>>): LastDeath | null {
  const world = new HeldClock();
  Object.assign(world.env, env);
  return new Midwatch({}, world).lastDeath;
}

const unseen: Omit<LastDeath, "reason"> = {
  attempt: null,
  code: null,
  signal: null,
  oom: null,
  stoppedFor: null,
  runId: null,
  startedAt: null,
  diedAt: null,
  lastLines: [],
};

test("a restarted agent reads why it died", (t) => {
  const path = join(scratchFolder(t), "my-agent.json");
  const tombstone = {
    agent: "my-agent",
    reason: "killed because memory ran out",
    attempt: 2,
    run_id: "run-1",
    pid: 4711,
    started_at: "2026-11-24T02:00:00.000Z",
    died_at: "2026-11-24T03:12:06.000Z",
    code: null,
    signal: "SIGKILL",
    oom: "certain",
    stopped_for: null,
    last_lines: ["loading", "loading more"],
  };
  writeFileSync(path, JSON.stringify(tombstone));
  assert.deepEqual(deathSeenWith({ MIDWATCH_TOMBSTONE: path, MIDWATCH_RESTART_REASON: tombstone.reason }), {
    ...unseen,
    reason: "killed because memory ran out",
    attempt: 2,
    signal: "SIGKILL",
    oom: "certain",
    runId: "run-1",
    startedAt: "2026-11-24T02:00:00.000Z",
    diedAt: "2026-11-24T03:12:06.000Z",
    lastLines: ["loading", "loading more"],
  });
});

test("the reason is enough, and no tombstone can hurt", (t) => {
  const path = join(scratchFolder(t), "my-agent.json");
  for (const content of [null, "", "[]", '{"attempt": "x", "last_lines": 7, "signal": []}', "[".repeat(100_000)]) {
    if (content !== null) writeFileSync(path, content);
    const death = deathSeenWith({ MIDWATCH_TOMBSTONE: path, MIDWATCH_RESTART_REASON: "it hung" });
    assert.deepEqual(death, { ...unseen, reason: "it hung" });
  }
});

test("a first life has no death before it", () => {
  assert.equal(deathSeenWith({}), null);
});
