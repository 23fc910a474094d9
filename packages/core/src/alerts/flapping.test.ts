import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "../time.ts";
import { TestDesk } from "../testing/test-desk.ts";

test("what opens and ends within the moment of gathering flaps, too", () => {
  const desk = new TestDesk();
  for (let round = 0; round < 10; round += 1) {
    const incident = desk.open("bot");
    desk.later(SECOND);
    desk.then(incident, "resolved");
    desk.later(10 * SECOND);
  }
  const heard = desk.heard();
  assert.deepEqual(heard.slice(0, 6), [
    ...["me opened inc_1", "me resolved inc_1", "me opened inc_2", "me resolved inc_2"],
    ...["me opened inc_3", "me resolved inc_3"],
  ]);
  assert.equal(heard.length, 7);
  assert.match(heard[6] ?? "", /^me opened flap_bot_silent_/);
});

test("a flapping warning that rises to a page is told at once: flapping was told as a warning", () => {
  const desk = new TestDesk();
  desk.set({ gatherMs: 0 });
  for (let round = 0; round < 4; round += 1) {
    const incident = desk.open("bot", { severity: "warn" });
    desk.later(MINUTE);
    desk.then(incident, "resolved");
    desk.later(MINUTE);
  }
  desk.heard();
  const incident = desk.open("bot", { severity: "warn" });
  assert.deepEqual(desk.heard(), []);
  desk.then(incident, "raised", { severity: "page" });
  assert.deepEqual(desk.heard(), ["me opened inc_5"]);
});
