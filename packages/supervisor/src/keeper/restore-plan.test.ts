import assert from "node:assert/strict";
import { test } from "node:test";
import { idleRecovery, type RecoveryPhase } from "@midwatch/core";
import { firstEntry } from "../journal/agent-record.ts";
import type { JournalEntry } from "../journal/entry.ts";
import type { FoundRun } from "../process/marker.ts";
import { settingsOf } from "../supervised-agent.ts";
import { agentIn } from "../testing/supervisor-in-test.ts";
import { planFor } from "./restore-plan.ts";

const settings = settingsOf(agentIn("/"), { hasServer: true });
const start = { runId: "r2", attempt: 1, reason: "killed by SIGKILL" };

function entry(phase: RecoveryPhase, more: Partial<JournalEntry> = {}): JournalEntry {
  const first = firstEntry("bot", 0, settings);
  return { ...first, state: { ...first.state, recovery: { ...idleRecovery, phase } }, ...more };
}

function run(runId: string, pid = 10): FoundRun {
  return { agent: "bot", runId, identity: { pid, startTime: "1", bootId: "now" } };
}

function started(runId: string, bootId = "now"): JournalEntry["run"] {
  return { runId, identity: { ...run(runId).identity, bootId }, startedAt: 0 };
}

test("what is done at the start follows from the journal and from what lives", () => {
  const cases: [string, JournalEntry | null, readonly FoundRun[], string][] = [
    ["never heard of", null, [], "first-start"],
    ["journal lost, runs", null, [run("r1")], "adopt r1"],
    ["runs", entry("healthy", { run: started("r1") }), [run("r1")], "adopt r1"],
    ["died meanwhile", entry("healthy", { run: started("r1") }), [], "ended-unseen r1"],
    [
      "the machine was restarted",
      entry("healthy", { run: started("r1", "before") }),
      [],
      "ended-unseen r1 with its machine",
    ],
    ["start decided, not done", entry("starting", { start }), [], "start"],
    ["start decided and done", entry("starting", { start }), [run("r2")], "adopt r2"],
    ["shut down with the supervisor", entry("stopped", { resume: true }), [], "resume"],
    ["a full disk at the wrong moment", entry("healthy"), [], "resume"],
    ["crashed before anything was decided", entry("idle"), [], "first-start"],
    ["stopped by a person", entry("stopped"), [], "wait"],
    ["given up", entry("exhausted"), [], "wait"],
    ["in its cooldown", entry("cooldown"), [], "wait"],
  ];
  for (const [what, journal, found, expected] of cases) {
    const { plan, strays } = planFor(journal, {
      found,
      isAlive: ({ runId }) => found.some((one) => one.runId === runId),
      bootId: "now",
    });
    const about = "run" in plan ? ` ${plan.run.runId}` : "";
    const how = plan.do === "ended-unseen" && plan.withMachine ? " with its machine" : "";
    assert.equal(`${plan.do}${about}${how}`, expected, what);
    assert.deepEqual(strays, [], what);
  }
});

test("a living run that is not the one to be kept is a stray, and must end", () => {
  const { plan, strays } = planFor(entry("starting", { start }), {
    found: [run("r1", 10), run("r2", 11)],
    isAlive: () => false,
    bootId: "now",
  });
  assert.equal(plan.do, "adopt");
  assert.deepEqual(
    strays.map(({ runId }) => runId),
    ["r1"],
  );
});

test("of a run and the daemon that it has started the run is taken over", () => {
  const { plan } = planFor(null, { found: [run("r1", 10), run("r1", 11)], isAlive: () => false, bootId: "now" });
  assert.equal(plan.do === "adopt" && plan.run.identity.pid, 10);
});
