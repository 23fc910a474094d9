import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE, SECOND } from "../time.ts";
import { plainRoute, TestDesk } from "../testing/test-desk.ts";

test("an incident is told after a moment of gathering, and its end to whoever was told", () => {
  const desk = new TestDesk();
  const incident = desk.open("bot");
  assert.deepEqual(desk.heard(), []);
  desk.later(2 * SECOND);
  assert.deepEqual(desk.heard(), ["me opened inc_1"]);
  desk.then(incident, "resolved", { title: "back after 5 min" });
  assert.equal(desk.said[0]?.title, "back after 5 min");
  assert.deepEqual(desk.heard(), ["me resolved inc_1"]);
  assert.deepEqual(
    [...desk.rows.keys()].filter((key) => key.startsWith("thread:")),
    [],
  );
});

test("what opens and ends while it is gathered is told as both, in this order", () => {
  const desk = new TestDesk();
  const incident = desk.open("bot");
  desk.then(incident, "resolved");
  desk.later(2 * SECOND);
  assert.deepEqual(desk.heard(), ["me opened inc_1", "me resolved inc_1"]);
  desk.later(HOUR);
  assert.deepEqual(desk.heard(), []);
});

test("the same notice twice is told once", () => {
  const desk = new TestDesk();
  desk.take(desk.notice("bot", { thread: "inc_7" }), desk.notice("bot", { thread: "inc_7" }));
  desk.later(2 * SECOND);
  assert.deepEqual(desk.heard(), ["me opened inc_7"]);
});

test("what is not about an agent is told at once", () => {
  const desk = new TestDesk();
  desk.take(desk.notice(null, { thread: "gap_1", kind: "monitor-gap", severity: "warn" }));
  assert.deepEqual(desk.heard(), ["me opened gap_1"]);
});

test("the end of an incident that was opened before the desk kept anything is told all the same", () => {
  const desk = new TestDesk();
  desk.take(desk.notice("bot", { what: "resolved", thread: "inc_3" }));
  assert.deepEqual(desk.heard(), ["me resolved inc_3"]);
});

const steps = {
  ...plainRoute,
  steps: [
    { afterMs: 0, to: ["chat"] },
    { afterMs: 15 * MINUTE, to: ["phone"] },
    { afterMs: 30 * MINUTE, to: ["chat", "boss"] },
  ],
};

test("steps follow one another until nobody is left, and then there is silence", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => steps, gatherMs: 0 });
  desk.open("bot");
  assert.deepEqual(desk.heard(), ["chat opened inc_1"]);
  desk.later(15 * MINUTE - 1);
  assert.deepEqual(desk.heard(), []);
  desk.later(1);
  assert.deepEqual(desk.heard(), ["phone opened inc_1"]);
  desk.later(15 * MINUTE);
  assert.deepEqual(desk.heard(), ["boss opened inc_1", "chat reminder inc_1"]);
  desk.later(24 * HOUR);
  assert.deepEqual(desk.heard(), []);
});

test("steps end with an acknowledgement, of which those hear who were told and can make something of it", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => steps, gatherMs: 0 });
  const incident = desk.open("bot");
  desk.heard();
  const acknowledged = { by: "ada", at: desk.now };
  desk.then(incident, "acknowledged", { by: "ada", detail: { news: 1 } });
  const [message] = desk.said;
  assert.equal(message?.text, "Acknowledged by ada at 03:00:00 UTC: no more steps and no reminders. Two beats missed.");
  assert.deepEqual([message.acknowledged, message.detail], [acknowledged, { news: 1 }]);
  assert.deepEqual(desk.heard(), ["chat acknowledged inc_1"]);
  desk.later(HOUR);
  assert.deepEqual(desk.heard(), []);
  desk.then(incident, "resolved");
  assert.deepEqual(desk.heard(), ["chat resolved inc_1"], "only those who were told");
});

test("steps end with the recovery", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => steps, gatherMs: 0 });
  const incident = desk.open("bot");
  desk.later(16 * MINUTE);
  desk.heard();
  desk.then(incident, "resolved");
  assert.deepEqual(desk.heard(), ["chat resolved inc_1", "phone resolved inc_1"]);
  desk.later(HOUR);
  assert.deepEqual(desk.heard(), []);
});

test("reminders come as often as the route says, each with a key of its own, until somebody acknowledges", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, remindMs: HOUR }), gatherMs: 0 });
  const incident = desk.open("bot");
  desk.later(3 * HOUR);
  assert.deepEqual(
    desk.said.map(({ id }) => id),
    ["inc_1_opened", "inc_1_reminder_1", "inc_1_reminder_2", "inc_1_reminder_3"],
  );
  assert.match(desk.said[1]?.text ?? "", /^Nobody has acknowledged it for 1 h/);
  desk.heard();
  desk.then(incident, "acknowledged", { by: "ada" });
  desk.later(3 * HOUR);
  assert.deepEqual(desk.heard(), []);
});

test("raised to a page it is told again, from the first step of the page's route on", () => {
  const desk = new TestDesk();
  const pages = { ...steps, name: "pages" };
  desk.set({ routeOf: ({ severity }) => (severity === "page" ? pages : plainRoute), gatherMs: 0 });
  const incident = desk.open("bot", { severity: "warn" });
  desk.later(HOUR);
  desk.heard();
  desk.then(incident, "raised", { severity: "page" });
  assert.deepEqual(desk.heard(), ["chat raised inc_1", "me raised inc_1"]);
  desk.later(15 * MINUTE);
  assert.deepEqual(desk.heard(), ["phone opened inc_1"]);
});

test("raised after somebody has acknowledged it, it wakes nobody else", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => steps, gatherMs: 0 });
  const incident = desk.open("bot", { severity: "warn" });
  desk.then(incident, "acknowledged", { by: "ada" });
  desk.heard();
  desk.then(incident, "raised", { severity: "page" });
  assert.deepEqual(desk.heard(), ["chat raised inc_1"]);
  desk.later(HOUR);
  assert.deepEqual(desk.heard(), []);
});

test("a silence holds back, and what is still open at its end is told then", () => {
  const desk = new TestDesk();
  const until = desk.now + HOUR;
  desk.set({
    mutedBy: (_, now) => (now < until ? { why: "silence", until, reason: "a deploy" } : null),
    gatherMs: 0,
  });
  const brief = desk.open("brief");
  desk.open("long");
  desk.later(30 * MINUTE);
  desk.then(brief, "resolved");
  assert.deepEqual(desk.heard(), []);
  desk.later(30 * MINUTE);
  assert.deepEqual(desk.heard(), ["me opened inc_2"]);
});

test("a silence that is ended early lets go within half a minute", () => {
  const desk = new TestDesk();
  let silent = true;
  desk.set({
    mutedBy: (_, now) => (silent ? { why: "silence", until: now + HOUR, reason: "" } : null),
    gatherMs: 0,
  });
  desk.open("bot");
  desk.later(MINUTE);
  silent = false;
  desk.later(30 * SECOND);
  assert.deepEqual(desk.heard(), ["me opened inc_1"]);
});

test("a silence that comes after the first message stops steps and reminders, and they go on when it ends", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => steps, gatherMs: 0 });
  desk.open("bot");
  const until = desk.now + HOUR;
  desk.set({ mutedBy: (_, now) => (now < until ? { why: "silence", until, reason: "" } : null) });
  desk.heard();
  desk.later(HOUR - 1);
  assert.deepEqual(desk.heard(), []);
  desk.later(MINUTE);
  assert.deepEqual(desk.heard(), ["phone opened inc_1", "boss opened inc_1", "chat reminder inc_1"]);
});

test("quiet hours hold warnings back and tell them together in the morning; pages go through", () => {
  const desk = new TestDesk();
  const morning = desk.now + 4 * HOUR;
  desk.set({ quietUntil: (now) => (now < morning ? morning : null), gatherMs: 0 });
  const over = desk.open("over", { severity: "warn", title: "drift" });
  desk.open("open", { severity: "warn", title: "stuck" });
  desk.open("paged");
  assert.deepEqual(desk.heard(), ["me opened inc_3"]);
  desk.then(over, "resolved");
  desk.later(4 * HOUR);
  const [digest] = desk.said;
  assert.equal(digest?.title, "in the quiet hours: 2 incidents, 1 still open");
  assert.equal(digest.text, "over: drift (over at 03:00 UTC)\nopen: stuck (still open)");
  assert.deepEqual(desk.heard(), ["me digest"]);
  desk.then(desk.notice("open", { thread: "inc_2" }), "resolved");
  assert.deepEqual(desk.heard(), ["me resolved inc_2"], "its end is told, since its beginning was");
  desk.later(24 * HOUR);
  assert.deepEqual(desk.heard(), []);
});

test("a warning in quiet hours that rises to a page goes through", () => {
  const desk = new TestDesk();
  desk.set({ quietUntil: () => desk.now + 4 * HOUR, gatherMs: 0 });
  const incident = desk.open("bot", { severity: "warn" });
  desk.then(incident, "raised", { severity: "page" });
  assert.deepEqual(desk.heard(), ["me opened inc_1"]);
});

test("an agent behind one that is down is not told of, and after that one is back only if it does not follow", () => {
  const desk = new TestDesk();
  let down = true;
  desk.set({ downBefore: () => (down ? ["gateway"] : []), gatherMs: 0 });
  const follows = desk.open("follows");
  desk.open("stays", { kind: "failing" });
  desk.later(HOUR);
  assert.deepEqual(desk.heard(), []);
  down = false;
  desk.later(MINUTE);
  desk.then(follows, "resolved");
  assert.deepEqual(desk.heard(), []);
  desk.later(2 * MINUTE);
  assert.deepEqual(desk.heard(), ["me opened inc_2"]);
});

test("a dependency that is found down while its dependent is gathered still holds it back", () => {
  const desk = new TestDesk();
  let down: string[] = [];
  desk.set({ downBefore: () => down });
  desk.open("bot");
  down = ["gateway"];
  desk.later(10 * SECOND);
  assert.deepEqual(desk.heard(), []);
});

test("what comes and goes is called flapping once, told only if it stays, and summed up when it is calm", () => {
  const desk = new TestDesk();
  desk.set({ gatherMs: 0 });
  for (let round = 0; round < 6; round += 1) {
    const incident = desk.open("bot");
    desk.later(MINUTE);
    desk.then(incident, "resolved");
    desk.later(4 * MINUTE);
  }
  const flapping = `flap_bot_silent_${desk.now - 15 * MINUTE}`;
  assert.equal(desk.said[6]?.title, "flapping: silent opened 4 times in 15 min");
  assert.deepEqual(desk.heard(), [
    ...["me opened inc_1", "me resolved inc_1", "me opened inc_2", "me resolved inc_2"],
    ...["me opened inc_3", "me resolved inc_3", `me opened ${flapping}`],
  ]);
  desk.open("bot");
  desk.later(15 * MINUTE);
  assert.deepEqual(desk.heard(), ["me opened inc_7"], "it has stayed");
  desk.later(HOUR);
  assert.equal(desk.said[0]?.title, "calm again: silent opened 7 times in 30 min");
  assert.deepEqual(desk.heard(), [`me resolved ${flapping}`]);
});
