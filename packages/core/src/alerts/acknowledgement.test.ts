import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE } from "../time.ts";
import { plainRoute, TestDesk } from "../testing/test-desk.ts";

const steps = { ...plainRoute, steps: [{ afterMs: 0, to: ["chat", "me"] }] };

test("an acknowledgement reaches every step that was told, and none that only would have been", () => {
  const desk = new TestDesk();
  const later = [
    { afterMs: 0, to: ["me", "chat"] },
    { afterMs: 10 * MINUTE, to: ["pager"] },
  ];
  desk.set({ routeOf: () => ({ ...plainRoute, steps: later }), gatherMs: 0 });
  const early = desk.open("early");
  const late = desk.open("late", { kind: "runaway" });
  desk.then(early, "acknowledged", { by: "ada" });
  desk.later(10 * MINUTE);
  desk.heard();
  desk.then(late, "acknowledged", { by: "ada" });
  assert.deepEqual(desk.heard(), ["chat acknowledged inc_2", "pager acknowledged inc_2"]);
});

test("a second acknowledgement is no news: the first one stays", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => steps, gatherMs: 0 });
  const incident = desk.open("bot");
  desk.then(incident, "acknowledged", { by: "ada" });
  desk.heard();
  desk.then(incident, "acknowledged", { by: "ada" });
  desk.later(MINUTE);
  desk.then(incident, "acknowledged", { by: "bob" });
  assert.deepEqual(desk.heard(), []);
  desk.then(incident, "resolved");
  assert.equal(desk.said[0]?.acknowledged?.by, "ada");
});

test("what is acknowledged before anybody was told is told to nobody, neither it nor the acknowledgement", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps: [{ afterMs: 0, to: ["chat"] }] }) });
  const incident = desk.open("bot");
  desk.then(incident, "acknowledged", { by: "ada" });
  desk.later(HOUR);
  assert.deepEqual(desk.heard(), []);
});

test("an acknowledgement while a silence holds reminders back is told: it rings nowhere and ends what rings", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => steps, gatherMs: 0 });
  const incident = desk.open("bot");
  desk.set({ mutedBy: (_, now) => ({ why: "silence", until: now + HOUR, reason: "" }) });
  desk.heard();
  desk.then(incident, "acknowledged", { by: "ada" });
  assert.deepEqual(desk.heard(), ["chat acknowledged inc_1"]);
});
