import assert from "node:assert/strict";
import test from "node:test";
import type { HistoryEntry } from "../effect.ts";
import { HOUR } from "../time.ts";
import { agent, at, change, day, entry, hour, incident } from "../testing/report-facts.ts";
import { makeReport } from "./make-report.ts";
import type { AgentFacts, HourFacts } from "./facts.ts";
import type { AgentReport } from "./report.ts";

function reportOn(more: Partial<AgentFacts>): AgentReport {
  return makeReport(day([agent(more)])).agents[0]!;
}

const hours = (n: number, cycles: number, tokens: number, more: Partial<HourFacts> = {}): readonly HourFacts[] =>
  Array.from({ length: n }, (_, index) => hour(index, cycles, tokens, more));

test("a day on which nothing happened is quiet, for each agent and the fleet", () => {
  const report = makeReport(
    day([agent({ name: "b" }), agent({ name: "a", hours: hours(24, 60, 200), baseline: 200 })]),
  );
  assert.equal(report.quiet, true);
  assert.deepEqual(
    report.agents.map(({ name, quiet }) => [name, quiet]),
    [
      ["a", true],
      ["b", true],
    ],
  );
  assert.deepEqual([report.fleet.agents, report.fleet.verdicts.yes, report.fleet.tokens], [2, 2, 24 * 60 * 200]);
});

test("an agent first seen after the day is not in its report", () => {
  assert.deepEqual(makeReport(day([agent({ firstSeenAt: at(24) })])).agents, []);
});

test("restarts are told with when, why, by whom and what became of them", () => {
  const { restarts } = reportOn({
    history: [
      entry(at(3), "exited", { run_id: "a", stopped_for: null }),
      entry(at(3), "restarted", { attempt: 1, by: "supervisor", reason: "killed by SIGKILL" }),
      entry(at(3), "run-started", { run_id: "b", before: "a" }),
      entry(at(3, 1), "exited", { run_id: "b", stopped_for: null }),
      entry(at(3, 1), "recovery-changed", { phase: "cooldown", attempt: 1, of: 3, until: at(3, 5) }),
      entry(at(3, 5), "restarted", { attempt: 2, by: "supervisor", reason: "killed by SIGKILL" }),
      entry(at(3, 5), "run-started", { run_id: "c", before: "b" }),
      entry(at(3, 15), "recovery-changed", { phase: "healthy", attempt: 0, of: 3, until: null }),
      entry(at(20), "restarted", { attempt: 1, by: "supervisor", reason: "it hung" }),
    ],
  });
  assert.deepEqual(
    restarts.map(({ at: when, attempt, by, outcome }) => [when, attempt, by, outcome]),
    [
      [at(3), 1, "supervisor", "failed"],
      [at(3, 5), 2, "supervisor", "succeeded"],
      [at(20), 1, "supervisor", "undecided"],
    ],
  );
  assert.equal(restarts[0]?.reason, "killed by SIGKILL");
});

test("the cause of each restart is one short word", () => {
  const ended = { code: null, signal: null, oom: null, stopped_for: null };
  const table: readonly (readonly [HistoryEntry["data"], string])[] = [
    [{ ...ended, code: 3 }, "crashed 3"],
    [{ ...ended, code: 0 }, "ended by itself"],
    [{ ...ended, code: 78 }, "refused its configuration (78)"],
    [{ ...ended, signal: "SIGSEGV" }, "SIGSEGV"],
    [{ ...ended, signal: "SIGKILL", oom: "certain" }, "out of memory (certain)"],
    [{ ...ended, code: 137, oom: "likely" }, "out of memory (likely)"],
    [{ ...ended, signal: "SIGKILL", oom: true }, "out of memory"],
    [{ ...ended, signal: "SIGKILL", stopped_for: "hung" }, "hung"],
    [{ ...ended, code: 0, stopped_for: "budget" }, "stopped by a budget"],
    [ended, "ended unseen"],
  ];
  for (const [how, cause] of table) {
    const { restarts } = reportOn({
      history: [entry(at(3), "exited", how), entry(at(3), "restarted", { attempt: 1, by: "supervisor" })],
    });
    assert.equal(restarts[0]?.cause, cause);
  }
});

test("the cause names a person who asked, and what was done about the state", () => {
  const { restarts } = reportOn({
    history: [
      entry(at(3), "exited", { code: 3, signal: null, oom: null, stopped_for: null }),
      entry(at(3), "restarted", { attempt: 1, by: "supervisor" }),
      entry(at(3), "state-invalid", { action: "restored" }),
      entry(at(3), "started", {}),
      entry(at(5), "restarted", { attempt: 2, by: "supervisor" }),
      entry(at(6), "commanded", { command: "restart", by: "Ada" }),
      entry(at(6), "exited", { code: 0, signal: null, oom: null, stopped_for: "command" }),
      entry(at(6), "run-started", { run_id: "c", before: "b" }),
      entry(at(6), "command-ended", { asked: "restart", ok: true }),
      entry(at(9), "run-started", { run_id: "d", before: "c" }),
    ],
  });
  assert.deepEqual(
    restarts.map(({ cause, who }) => [cause, who]),
    [
      ["crashed 3, state restored", null],
      [null, null],
      ["asked by Ada", "Ada"],
      [null, null],
    ],
  );
});

test("a run nobody here started is a restart by nobody knows whom; the first run of all is none", () => {
  const { restarts } = reportOn({
    history: [
      entry(at(1), "run-started", { run_id: "a", before: null }),
      entry(at(5), "run-started", { run_id: "b", before: "a" }),
      entry(at(6), "commanded", { command: "restart", by: "ops" }),
      entry(at(6, 1), "run-started", { run_id: "c", before: "b" }),
    ],
  });
  assert.deepEqual(
    restarts.map(({ at: when, by, who, outcome }) => [when, by, who, outcome]),
    [
      [at(5), "unknown", null, "succeeded"],
      [at(6, 1), "person", "ops", "succeeded"],
    ],
  );
});

test("an agent stopped by a person during its probation has not failed", () => {
  const { restarts } = reportOn({
    history: [
      entry(at(3), "restarted", { attempt: 1, by: "supervisor", reason: "it hung" }),
      entry(at(4), "exited", { run_id: "b", stopped_for: "command" }),
    ],
  });
  assert.deepEqual(
    restarts.map(({ outcome }) => outcome),
    ["undecided"],
  );
});

const costs: readonly { name: string; facts: Partial<AgentFacts>; left: string }[] = [
  { name: "a day at its baseline has not left it", facts: { hours: hours(24, 60, 210), baseline: 200 }, left: "no" },
  {
    name: "a day at twice its baseline has left it",
    facts: { hours: hours(24, 60, 400), baseline: 200 },
    left: "above",
  },
  {
    name: "a day at half its baseline has left it too",
    facts: { hours: hours(24, 60, 100), baseline: 200 },
    left: "below",
  },
  { name: "a handful of cycles says nothing", facts: { hours: hours(1, 9, 9_000), baseline: 200 }, left: "unclear" },
  { name: "without anything to compare with it is unclear", facts: { hours: hours(24, 60, 400) }, left: "unclear" },
  {
    name: "without a baseline the last seven days are the measure",
    facts: { hours: hours(24, 60, 400), beforeHours: [hour(-20, 60, 200)] },
    left: "above",
  },
  {
    name: "the same tokens at a dearer model have left what is usual",
    facts: { hours: hours(24, 60, 200, { costUsdMicros: 120_000 }), beforeHours: [hour(-20, 60, 200)], baseline: 200 },
    left: "above",
  },
];

for (const { name, facts, left } of costs) {
  test(name, () => assert.equal(reportOn(facts).cost.left, left));
}

test("the day stands beside the baseline and the last seven days, in tokens and money", () => {
  const { cost } = reportOn({
    hours: [hour(1, 10, 400), hour(2, 10, 200, { maxCycleTokens: 900 })],
    beforeHours: [hour(-30, 10, 200), hour(-50, 10, 200)],
    baseline: 200,
  });
  assert.deepEqual([cost.tokens, cost.cycles, cost.tokensPerCycle, cost.maxCycleTokens], [6_000, 20, 300, 900]);
  assert.deepEqual([cost.timesBaseline, cost.timesBefore, cost.costTimesBefore], [1.5, 1.5, 1.5]);
  assert.deepEqual([cost.before?.days, cost.before?.tokensPerDay], [2, 2_000]);
});

test("an unpriced day costs an unknown amount, not nothing", () => {
  const unpriced = { costUsdMicros: 0, unpricedBeats: 60 };
  assert.equal(reportOn({ hours: hours(2, 60, 200, unpriced) }).cost.costUsdMicros, null);
  assert.equal(reportOn({ hours: [] }).cost.costUsdMicros, 0);
  const partly = reportOn({ hours: [hour(1, 60, 200, unpriced), hour(2, 60, 200)] }).cost;
  assert.deepEqual([partly.costUsdMicros, partly.unpricedBeats], [12_000, 60]);
});

test("loops, budgets and cooldowns are told in the order they came", () => {
  const { events, quiet } = reportOn({
    history: [entry(at(9), "recovery-changed", { phase: "cooldown", attempt: 1, of: 3, until: at(9, 5) })],
    incidents: [
      incident({ kind: "spike", since: at(12), openedAt: at(12), resolvedAt: at(13), severity: "info" }),
      incident({ kind: "runaway", since: at(7), openedAt: at(7), resolvedAt: at(8), title: "possible loop" }),
      incident({ kind: "budget-warning", since: at(-30), openedAt: at(-30), resolvedAt: at(-29) }),
    ],
  });
  assert.deepEqual(
    events.map(({ kind, text }) => [kind, text]),
    [
      ["runaway", "possible loop"],
      ["cooldown", "waiting before restart 2 of 3"],
      ["spike", "spike"],
    ],
  );
  assert.equal(quiet, false);
});

test("what recovered by itself is told apart from what needs a human now", () => {
  const { recovered, open } = reportOn({
    incidents: [
      incident({ id: 1, kind: "silent", since: at(3), openedAt: at(3), resolvedAt: at(4), resolvedBy: "itself" }),
      incident({ id: 2, kind: "crashed", since: at(5), openedAt: at(5), resolvedAt: at(6), resolvedBy: "restart" }),
      incident({ id: 3, kind: "drift", since: at(7), openedAt: at(7), resolvedAt: at(8), resolvedBy: "person" }),
      incident({ id: 4, kind: "needs-human", since: at(9), openedAt: at(9) }),
      incident({ id: 5, kind: "spike", since: at(9), openedAt: at(9), severity: "info" }),
    ],
  });
  assert.deepEqual(
    recovered.map(({ kind, by }) => [kind, by]),
    [
      ["silent", "itself"],
      ["crashed", "restart"],
    ],
  );
  assert.deepEqual(
    open.map(({ kind, needsHuman }) => [kind, needsHuman]),
    [["needs-human", true]],
  );
});

test("a crash that a supervisor is still mending needs nobody yet", () => {
  const crashed = incident({ kind: "crashed", since: at(23), openedAt: at(23), severity: "warn" });
  const mending = makeReport(day([agent({ incidents: [crashed], mending: true, history: [change(at(23), "down")] })]));
  assert.deepEqual(mending.fleet.needsHuman, []);
  const alone = makeReport(day([agent({ incidents: [crashed] })]));
  assert.deepEqual(
    alone.fleet.needsHuman.map(({ agent: name, incident: { kind } }) => [name, kind]),
    [["bot", "crashed"]],
  );
});

test("the fleet's availability weighs each agent by the time it was due", () => {
  const { fleet } = makeReport(
    day([
      agent({ name: "a", history: [change(at(12), "down")] }),
      agent({ name: "b", firstSeenAt: at(18), atStart: null, history: [change(at(18), "up")] }),
    ]),
  );
  assert.equal(fleet.availability, (12 * HOUR + 6 * HOUR) / (24 * HOUR + 6 * HOUR));
  assert.deepEqual(fleet.verdicts, { yes: 1, no: 1, "while-observed": 0, "not-running": 0 });
});

test("seven days before, one of 25 hours among them, are seven days", () => {
  const beforeHours = Array.from({ length: 7 * 24 + 1 }, (_, n) => hour(-1 - n, 10, 100));
  const { before } = reportOn({ beforeHours }).cost;
  assert.deepEqual([before?.days, before?.tokensPerDay], [7, (169 * 1_000) / 7]);
});
