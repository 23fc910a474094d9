import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE } from "../time.ts";
import type { AlertNotice } from "./notice.ts";
import { plainRoute, TestDesk } from "../testing/test-desk.ts";

const steps = [
  { afterMs: 0, to: ["me"] },
  { afterMs: 15 * MINUTE, to: ["phone"] },
];

function quietFor(desk: TestDesk, fromMs: number, lengthMs: number): void {
  const [from, to] = [desk.now + fromMs, desk.now + fromMs + lengthMs];
  desk.set({ quietUntil: (now) => (now >= from && now < to ? to : null) });
}

test("a warning from before the quiet hours climbs no steps in them, and goes on when they end", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps }), gatherMs: 0 });
  quietFor(desk, 10 * MINUTE, 8 * HOUR);
  desk.open("bot", { severity: "warn" });
  assert.deepEqual(desk.heard(), ["me opened inc_1"]);
  desk.later(8 * HOUR);
  assert.deepEqual(desk.heard(), []);
  desk.later(10 * MINUTE);
  assert.deepEqual(desk.heard(), ["phone opened inc_1"]);
});

test("a group of warnings from before the quiet hours climbs no steps in them", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps }), gatherMs: 0 });
  quietFor(desk, 10 * MINUTE, 8 * HOUR);
  desk.take(...[1, 2, 3].map((n): AlertNotice => desk.notice(`bot-${n}`, { host: "web", severity: "warn" })));
  assert.equal(desk.heard().length, 1);
  desk.later(8 * HOUR);
  assert.deepEqual(desk.heard(), []);
  desk.later(10 * MINUTE);
  assert.equal(desk.heard().length, 1);
});

test("what is over when the quiet hours end is never told as open, whatever the first step waits for", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps: steps.slice(1) }), gatherMs: 0 });
  quietFor(desk, 0, 8 * HOUR);
  const incident = desk.open("bot", { severity: "warn" });
  desk.then(incident, "resolved");
  desk.later(24 * HOUR);
  assert.deepEqual(desk.heard(), []);
  assert.equal(desk.rows.has("thread:inc_1"), false);
});

test("what is silenced when the quiet hours end waits for the end of its silence", () => {
  const desk = new TestDesk();
  desk.set({ gatherMs: 0 });
  quietFor(desk, 0, 8 * HOUR);
  desk.open("bot", { severity: "warn" });
  const until = desk.now + 10 * HOUR;
  desk.set({ mutedBy: (_, now) => (now < until ? { why: "silence", until, reason: "" } : null) });
  desk.later(9 * HOUR);
  assert.deepEqual(desk.heard(), []);
  desk.later(HOUR);
  assert.deepEqual(desk.heard(), ["me opened inc_1"]);
});
