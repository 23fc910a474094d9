import assert from "node:assert/strict";
import { test } from "node:test";
import { daysUpTo, entry, incident, midnight } from "../../testing/report-facts.ts";
import { seededMonth, type MonthPlan } from "../../testing/seeded-month.ts";
import { DAY, HOUR, MINUTE } from "../../time.ts";
import { deathsIn } from "./deaths.ts";
import { findPatterns } from "./find-patterns.ts";
import type { Pattern } from "./pattern.ts";
import { noSlowFacts, type SlowFacts } from "./slow-facts.ts";

function found(plan: MonthPlan): readonly Pattern[] {
  const { days, facts } = seededMonth(plan);
  return findPatterns(days, facts);
}

const kinds = (patterns: readonly Pattern[]) => patterns.map(({ kind }) => kind);
const seeds = Array.from({ length: 100 }, (_, seed) => seed);
/** Of a hundred seeded months. */
const hits = (kind: Pattern["kind"], plan: Omit<MonthPlan, "seed">) =>
  seeds.filter((seed) => kinds(found({ ...plan, seed })).includes(kind)).length;

test("nothing is found in a thousand quiet months", () => {
  const wrong = Array.from({ length: 1_000 }, (_, seed) => ({ seed, patterns: found({ seed: seed + 1_000 }) }));
  assert.deepEqual(
    wrong.filter(({ patterns }) => patterns.length > 0),
    [],
  );
});

test("nothing is found in a thousand quiet months of young agents", () => {
  const wrong = Array.from({ length: 1_000 }, (_, seed) => found({ seed, days: 10 + (seed % 20) }));
  assert.deepEqual(wrong.flat(), []);
});

test("tokens per cycle that creep up are found, however wild the hours are", () => {
  assert.equal(hits("creep", { tokensGrow: 0.35 }), 100);
  // Nearer to the least that is told, chance makes a few look smaller than they are.
  assert.ok(hits("creep", { tokensGrow: 0.25 }) >= 95);
});

test("what grows by less than a fifth a week is no creep, and nor is what jumped once and stayed", () => {
  assert.equal(hits("creep", { tokensGrow: 0.08 }), 0);
  assert.ok(hits("creep", { jump: { day: 15, times: 3 } }) <= 2);
});

test("cycles that get slower are found", () => {
  assert.equal(hits("slower-cycles", { cyclesGrow: 0.3 }), 100);
});

test("restarts at the same time each day are found, also over midnight and among other crashes", () => {
  assert.equal(hits("same-time-restarts", { restartedAt: 180 }), 100);
  assert.equal(hits("same-time-restarts", { restartedAt: 1_439 }), 100);
  assert.equal(hits("same-time-restarts", { restartedAt: 180, crashes: 15 }), 100);
});

test("they are told with the time and what to check, and are no hidden fault besides", () => {
  const patterns = found({ seed: 7, restartedAt: 180, crashes: 0 });
  assert.deepEqual(kinds(patterns), ["same-time-restarts"]);
  assert.equal(patterns[0]?.title, "restarts at about 03:00 on 30 days");
  assert.match(patterns[0].next, /^Check for a cron conflict at 03:00/);
  assert.match(patterns[0].evidence[0] ?? "", /^last on 17 Nov 0[23]:\d\d, .*24 Nov 0[23]:\d\d$/);
});

test("four days are not enough, and restarts that a person asked for are none", () => {
  const days = daysUpTo(midnight, 30);
  const restart = (at: number, by: string) => entry(at, "restarted", { attempt: 1, by, reason: "it crashed" });
  const on = (count: number, by: string) => days.slice(-count).map(({ from }) => restart(from + 3 * HOUR, by));
  const patterns = (history: SlowFacts["history"]) => kinds(findPatterns(days, { ...noSlowFacts, history }));
  assert.deepEqual(patterns(on(4, "supervisor")), []);
  assert.deepEqual(patterns(on(5, "supervisor")), ["same-time-restarts"]);
  assert.deepEqual(patterns(on(20, "person")), []);
});

test("a burst of restarts counts once", () => {
  const days = daysUpTo(midnight, 30);
  const burst = (from: number) =>
    [0, 5, 10, 15].map((minute) => entry(from + minute * MINUTE, "restarted", { attempt: 1, by: "supervisor" }));
  // Two days with four restarts each are two days.
  const history = [...burst(days[3]!.from + 3 * HOUR), ...burst(days[9]!.from + 3 * HOUR)];
  assert.deepEqual(findPatterns(days, { ...noSlowFacts, history }), []);
});

test("memory that grows until the process dies is found, with how far it came", () => {
  const patterns = found({ seed: 3, leaks: 6e7, crashes: 3 });
  const memory = patterns.find(({ kind }) => kind === "memory-until-death");
  assert.match(memory?.title ?? "", /^memory grows until the process dies, 3 times at about (1\.9|2\.0) GB$/);
  assert.match(memory?.evidence[0] ?? "", /MB → .* GB in 1 d 6 h, then out of memory \(certain\)$/);
  assert.equal(memory?.unit, "bytes");
});

test("one such death may be bad luck", () => {
  assert.deepEqual(kinds(found({ seed: 3, leaks: 6e7, crashes: 1 })), []);
});

test("restarts that work and hide the same end again and again are a fault of their own", () => {
  const days = daysUpTo(midnight, 30);
  const times = [30, 80, 130, 171, 222, 260].map((hour) => midnight + DAY - hour * HOUR);
  const history = times
    .flatMap((at) => [
      entry(at - 1, "exited", { code: 3, signal: null, oom: null, stopped_for: null }),
      entry(at, "restarted", { attempt: 1, by: "supervisor", reason: "exit status 3" }),
      entry(at + HOUR, "recovery-changed", { phase: "healthy" }),
    ])
    .toSorted((a, b) => a.at - b.at);
  const incidents = [
    incident({ kind: "crashed", since: 0, openedAt: times[0]! - 1, title: "crashed 3", text: "KeyError." }),
  ];
  const [pattern, ...others] = findPatterns(days, { ...noSlowFacts, history, incidents });
  assert.deepEqual(others, []);
  assert.equal(pattern?.kind, "hidden-fault");
  assert.match(pattern.title, /^restarted 6 times in two weeks after the same end \(crashed 3\)/);
  assert.equal(pattern.evidence[1], "last time: crashed 3. KeyError.");
});

test("alerts that are nearly always over before anybody could come are told as such", () => {
  const days = daysUpTo(midnight, 30);
  const silent = Array.from({ length: 12 }, (_, id) => {
    const openedAt = midnight - id * 50 * HOUR;
    return incident({
      id,
      kind: "silent",
      since: openedAt,
      openedAt,
      resolvedAt: openedAt + 3 * MINUTE,
      resolvedBy: "itself",
    });
  });
  const [pattern] = findPatterns(days, { ...noSlowFacts, incidents: silent });
  assert.equal(pattern?.kind, "alert-load");
  assert.match(pattern.evidence[0] ?? "", /^12 of 12 ended by themselves, half of them within 3 min$/);
  const open = silent.map((one) => ({ ...one, resolvedBy: "restart" as const }));
  assert.deepEqual(findPatterns(days, { ...noSlowFacts, incidents: open }), []);
});

test("deaths are ends that nobody asked for", () => {
  const ends = (data: object) =>
    deathsIn([entry(0, "started"), entry(5, "run-started", { before: null }), entry(HOUR, "exited", { ...data })]);
  assert.deepEqual(ends({ code: 3, signal: null, stopped_for: null }), [{ from: 0, at: HOUR, cause: "crashed 3" }]);
  assert.deepEqual(ends({ code: null, signal: "SIGKILL", stopped_for: "hung" }), [
    { from: 0, at: HOUR, cause: "hung" },
  ]);
  assert.deepEqual(ends({ code: 0, signal: null, stopped_for: null }), []);
  assert.deepEqual(ends({ code: null, signal: "SIGTERM", stopped_for: "command" }), []);
});
