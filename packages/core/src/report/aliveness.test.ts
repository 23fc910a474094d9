import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { HOUR, MINUTE, SECOND } from "../time.ts";
import { agent, at, change, day, entry, incident, midnight } from "../testing/report-facts.ts";
import type { AgentFacts, ReportFacts } from "./facts.ts";
import { makeReport } from "./make-report.ts";
import type { Alive } from "./report.ts";

function alive(facts: AgentFacts, more: Partial<ReportFacts> = {}): Alive {
  return makeReport(day([facts], more)).agents[0]!.alive;
}

function hoursOf(report: Alive): Record<string, number> {
  return Object.fromEntries(
    Object.entries(report.time)
      .filter(([, ms]) => ms > 0)
      .map(([is, ms]) => [is, ms / HOUR]),
  );
}

const silent3to6 = agent({
  history: [change(at(3, 1), "late"), change(at(3, 2), "down", "silent for 2 min"), change(at(6), "up")],
  incidents: [incident({ kind: "silent", since: at(3), openedAt: at(3, 2), resolvedAt: at(6), resolvedBy: "itself" })],
});

const tables: readonly {
  name: string;
  facts: AgentFacts;
  verdict: Alive["verdict"];
  hours: Record<string, number>;
}[] = [
  { name: "an agent that beat all day was alive all day", facts: agent(), verdict: "yes", hours: { up: 24 } },
  {
    name: "late counts as up",
    facts: agent({ history: [change(at(3), "late"), change(at(4), "up")] }),
    verdict: "yes",
    hours: { up: 24 },
  },
  {
    name: "an outage runs from the last beat, not from when it was noticed",
    facts: silent3to6,
    verdict: "no",
    hours: { up: 21, down: 3 },
  },
  {
    name: "an outage ends with the beat, although its incident waits for the probation",
    facts: agent({
      history: [change(at(3), "down", "killed by SIGKILL"), change(at(4), "up")],
      incidents: [
        incident({ kind: "crashed", since: at(3), openedAt: at(3), resolvedAt: at(9), resolvedBy: "restart" }),
      ],
    }),
    verdict: "no",
    hours: { up: 23, down: 1 },
  },
  {
    name: "an outage of yesterday whose probation reached into today is not of today",
    facts: agent({
      atStart: { state: "up", since: at(-1), why: null },
      incidents: [
        incident({ kind: "crashed", since: at(-2), openedAt: at(-2), resolvedAt: at(1), resolvedBy: "restart" }),
      ],
    }),
    verdict: "yes",
    hours: { up: 24 },
  },
  {
    name: "an outage that began yesterday counts from midnight",
    facts: agent({
      atStart: { state: "down", since: at(-2), why: "crashed with exit status 3" },
      history: [change(at(2), "up")],
    }),
    verdict: "no",
    hours: { up: 22, down: 2 },
  },
  {
    name: "what the watcher did not see is in no denominator",
    facts: agent({
      history: [change(at(5), "unknown"), change(at(5, 30), "up")],
      blind: [{ from: at(4), to: at(5) }],
    }),
    verdict: "while-observed",
    hours: { up: 22.5, unknown: 1.5 },
  },
  {
    name: "a blind time over midnight counts on both sides",
    facts: agent({ blind: [{ from: at(23), to: at(26) }] }),
    verdict: "while-observed",
    hours: { up: 23, unknown: 1 },
  },
  {
    name: "what a spool delivered afterwards takes the blindness back",
    facts: agent({
      // Written in this order: sight is back and the state unknown; then the spool tells of a beat within the blind time.
      history: [change(at(6), "unknown"), change(at(4), "up")],
      blind: [{ from: at(4), to: at(6) }],
      covered: [{ from: at(4), to: at(6) }],
    }),
    verdict: "yes",
    hours: { up: 24 },
  },
  {
    name: "the watcher's blindness is not charged even in the middle of an outage",
    facts: agent({ ...silent3to6, blind: [{ from: at(4), to: at(5) }] }),
    verdict: "no",
    hours: { up: 21, down: 2, unknown: 1 },
  },
  {
    name: "paused and stopped are in no denominator",
    facts: agent({ history: [change(at(6), "paused"), change(at(12), "up"), change(at(18), "stopped")] }),
    verdict: "yes",
    hours: { up: 12, paused: 6, stopped: 6 },
  },
  {
    name: "an agent paused while it was down is not down any more",
    facts: agent({
      history: [change(at(3), "down"), change(at(4), "paused")],
      incidents: [incident({ kind: "silent", since: at(3), openedAt: at(3) })],
    }),
    verdict: "no",
    hours: { up: 3, down: 1, paused: 20 },
  },
  {
    name: "an end nobody announced is an outage, although the agent stopped cleanly",
    facts: agent({
      history: [change(at(12), "stopped")],
      incidents: [incident({ kind: "exited", since: at(12), openedAt: at(12), severity: "warn" })],
    }),
    verdict: "no",
    hours: { up: 12, down: 12 },
  },
  {
    name: "an agent has no past before it was first seen",
    facts: agent({ firstSeenAt: at(6), atStart: null, history: [change(at(6), "up")] }),
    verdict: "yes",
    hours: { before: 6, up: 18 },
  },
  {
    name: "an agent that was registered and never beat is down from then",
    facts: agent({
      firstSeenAt: at(6),
      atStart: null,
      history: [change(at(6, 2), "down")],
      incidents: [incident({ kind: "silent", since: at(6), openedAt: at(6, 2) })],
    }),
    verdict: "no",
    hours: { before: 6, down: 18 },
  },
  {
    name: "an agent that was stopped all day is neither alive nor dead",
    facts: agent({ atStart: { state: "stopped", since: at(-30), why: null } }),
    verdict: "not-running",
    hours: { stopped: 24 },
  },
  {
    name: "failing is wrong, but alive",
    facts: agent({ incidents: [incident({ kind: "failing", since: at(3), openedAt: at(3), resolvedAt: at(9) })] }),
    verdict: "yes",
    hours: { up: 24 },
  },
];

for (const { name, facts, verdict, hours } of tables) {
  test(name, () => {
    const report = alive(facts);
    assert.equal(report.verdict, verdict);
    assert.deepEqual(hoursOf(report), hours);
  });
}

test("every outage has its start, length and cause", () => {
  const { outages, availability } = alive(silent3to6);
  assert.deepEqual(outages, [
    { from: at(3), to: at(6), ms: 3 * HOUR, unseenMs: 0, cause: "sent no beats", kinds: ["silent"] },
  ]);
  assert.equal(availability, 21 / 24);
});

test("two crashes under one open incident are two outages, each with its own cause", () => {
  const { outages } = alive(
    agent({
      history: [
        change(at(3), "down", "killed by SIGKILL"),
        change(at(3, 1), "up"),
        change(at(3, 5), "down", "crashed with exit status 3"),
        change(at(3, 10), "up"),
      ],
      incidents: [
        incident({ kind: "crashed", since: at(3), openedAt: at(3), title: "killed by SIGKILL", resolvedAt: at(3, 20) }),
      ],
    }),
  );
  assert.deepEqual(
    outages.map(({ from, ms, cause }) => [from, ms, cause]),
    [
      [at(3), MINUTE, "killed by SIGKILL"],
      [at(3, 5), 5 * MINUTE, "crashed with exit status 3"],
    ],
  );
});

test("an outage over both ends of the day keeps its real start and has no end yet", () => {
  const { outages } = alive(
    agent({
      atStart: { state: "down", since: at(-5), why: "killed by SIGTERM" },
      incidents: [incident({ kind: "needs-human", since: at(-6), openedAt: at(-5) })],
    }),
  );
  assert.deepEqual(outages, [
    { from: at(-5), to: null, ms: 24 * HOUR, unseenMs: 0, cause: "killed by SIGTERM", kinds: [] },
  ]);
});

test("a report made during the day speaks only of what has been", () => {
  const report = alive(agent(), { madeAt: at(10) });
  assert.deepEqual(hoursOf(report), { up: 10, ahead: 14 });
  assert.equal(report.dueMs, 10 * HOUR);
});

test("a day of 23 or 25 hours adds up to 23 or 25 hours", () => {
  for (const length of [23, 25]) {
    assert.deepEqual(hoursOf(alive(agent(), { to: at(length) })), { up: length });
  }
});

test("“while observed” says how much of the day was seen", () => {
  const report = alive(agent({ blind: [{ from: at(1), to: at(2, 50) }] }));
  assert.deepEqual([report.observedMs, report.dueMs], [22 * HOUR + 10 * MINUTE, 24 * HOUR]);
});

const time = fc.integer({ min: -30 * 3600, max: 54 * 3600 }).map((seconds) => midnight + seconds * SECOND);
const span = fc.tuple(time, time).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
const state = fc.constantFrom("new", "up", "late", "down", "stopping", "stopped", "paused", "unknown");
const anyAgent = fc.record({
  firstSeenAt: time,
  atStart: fc.option(fc.record({ state, since: time, why: fc.constant(null) })),
  history: fc.array(
    fc.oneof(
      fc.tuple(time, state).map(([when, to]) => change(when, to)),
      fc.tuple(time, fc.constantFrom("exited", "restarted", "run-started")).map(([when, kind]) => entry(when, kind)),
    ),
    { maxLength: 12 },
  ),
  incidents: fc.array(
    fc
      .tuple(fc.constantFrom("silent", "crashed", "hung", "exited", "runaway", "needs-human"), span, fc.option(time))
      .map(([kind, { from, to }, resolvedAt]) => incident({ kind, since: from, openedAt: to, resolvedAt })),
    { maxLength: 4 },
  ),
  blind: fc.array(span, { maxLength: 3 }),
  covered: fc.array(span, { maxLength: 3 }),
});

test("whatever the facts, the parts add up to the day and availability lies between 0 and 1", () => {
  fc.assert(
    fc.property(anyAgent, fc.constantFrom(23, 24, 25), time, (facts, length, madeAt) => {
      const made = makeReport(day([agent(facts)], { to: at(length), madeAt }));
      const report = made.agents[0]?.alive;
      if (!report) return assert.ok(facts.firstSeenAt >= made.until);
      const total = Object.values(report.time).reduce((sum, ms) => sum + ms, 0);
      assert.equal(total, length * HOUR);
      assert.ok(report.availability === null || (report.availability >= 0 && report.availability <= 1));
      assert.ok(report.observedMs >= 0 && report.observedMs <= report.dueMs);
      const listed = report.outages.reduce((sum, outage) => sum + outage.ms - outage.unseenMs, 0);
      assert.ok(listed >= report.time.down, "every moment counted as down is in a listed outage");
    }),
    { numRuns: 1_000 },
  );
});
