import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE } from "../time.ts";
import { plainRoute, TestDesk } from "../testing/test-desk.ts";

const steps = [
  { afterMs: 0, to: ["chat"] },
  { afterMs: 15 * MINUTE, to: ["phone"] },
  { afterMs: 30 * MINUTE, to: ["chat"] },
];

test("steps that are gone through again after a raise have keys of their own, so that none is taken for told", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps }), gatherMs: 0 });
  const incident = desk.open("bot", { severity: "warn" });
  desk.later(HOUR);
  desk.then(incident, "raised", { severity: "page" });
  desk.later(HOUR);
  const keys = desk.said.flatMap(({ id, channels }) => channels.map((channel) => `${id}:${channel}`));
  assert.equal(keys.length, 7);
  assert.deepEqual(keys, [...new Set(keys)]);
});

test("what is silenced is not told when it rises to a page, but when the silence ends", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps }), gatherMs: 0 });
  const incident = desk.open("bot", { severity: "warn" });
  const until = desk.now + HOUR;
  desk.set({ mutedBy: (_, now) => (now < until ? { why: "silence", until, reason: "" } : null) });
  desk.heard();
  desk.then(incident, "raised", { severity: "page" });
  assert.deepEqual(desk.heard(), []);
  desk.later(HOUR);
  assert.equal(desk.said[0]?.severity, "page");
  assert.deepEqual(desk.heard(), ["phone opened inc_1", "chat reminder inc_1"]);
});

test("a gap of the watcher is told once, and climbs no steps: it is over when it is told", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps }) });
  desk.take(desk.notice(null, { thread: "gap_1", kind: "monitor-gap", severity: "warn" }));
  assert.deepEqual(desk.heard(), ["chat opened gap_1"]);
  desk.later(24 * HOUR);
  assert.deepEqual(desk.heard(), []);
  assert.deepEqual([...desk.rows.keys()], [], "nothing of it is kept");
});

test("what becomes another kind when it rises, as a budget does, goes the way of that kind", () => {
  const desk = new TestDesk();
  const phone = { ...plainRoute, name: "phone", steps: [{ afterMs: 0, to: ["phone"] }] };
  desk.set({ routeOf: ({ kind }) => (kind === "budget-exceeded" ? phone : plainRoute) });
  const warning = desk.notice(null, { thread: "budget_install_1", kind: "budget-warning", severity: "warn" });
  desk.take(warning);
  desk.heard();
  desk.then(warning, "raised", { kind: "budget-exceeded", severity: "page" });
  assert.deepEqual(desk.heard(), ["phone raised budget_install_1", "me raised budget_install_1"]);
});
