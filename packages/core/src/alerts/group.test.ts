import assert from "node:assert/strict";
import { test } from "node:test";
import { MINUTE, SECOND } from "../time.ts";
import type { AlertNotice } from "./notice.ts";
import { plainRoute, TestDesk } from "../testing/test-desk.ts";

function openOn(desk: TestDesk, count: number, more: Partial<AlertNotice> = {}): AlertNotice[] {
  const notices = Array.from({ length: count }, (_, n) => desk.notice(`bot-${n}`, { host: "web-1", ...more }));
  desk.take(...notices);
  return notices;
}

test("two on one host are two messages, three are one", () => {
  const two = new TestDesk();
  openOn(two, 2);
  two.later(5 * SECOND);
  assert.deepEqual(two.heard(), ["me opened inc_1", "me opened inc_2"]);
  const three = new TestDesk();
  openOn(three, 3);
  three.later(5 * SECOND);
  assert.equal(three.said.length, 1);
  assert.equal(three.said[0]?.title, "3 agents on web-1 are in trouble together: silent 3");
  assert.deepEqual(
    three.said[0].members.map(({ agent }) => agent),
    ["bot-0", "bot-1", "bot-2"],
  );
});

test("outages of different kinds on one host belong together; a runaway beside them does not", () => {
  const desk = new TestDesk();
  const kinds = ["silent", "crashed", "hung", "runaway"];
  desk.take(...kinds.map((kind) => desk.notice(kind, { kind, host: "web-1" })));
  desk.later(5 * SECOND);
  assert.deepEqual(
    desk.said.map(({ members, agent }) => agent ?? members.length),
    [3, "runaway"],
  );
});

test("agents without a host are grouped by what is wrong with them", () => {
  const desk = new TestDesk();
  openOn(desk, 3, { host: null, kind: "budget-exceeded" });
  desk.later(5 * SECOND);
  assert.equal(desk.said[0]?.title, "3 agents at once: budget-exceeded 3");
});

test("groups never mix routes", () => {
  const desk = new TestDesk();
  const night = { ...plainRoute, name: "night", steps: [{ afterMs: 0, to: ["night"] }] };
  desk.set({ routeOf: ({ tags }) => (tags.includes("night") ? night : plainRoute) });
  desk.take(
    ...Array.from({ length: 6 }, (_, n) => desk.notice(`b${n}`, { host: "web-1", tags: n % 2 === 0 ? ["night"] : [] })),
  );
  desk.later(5 * SECOND);
  assert.deepEqual(
    desk.said.map(({ channels, members }) => `${channels.join()} ${members.length}`),
    ["night 3", "me 3"],
  );
});

test("gathering waits for those that follow, and not for ever", () => {
  const desk = new TestDesk();
  for (let n = 0; n < 10; n += 1) {
    desk.open(`bot-${n}`, { host: "web-1" });
    desk.later(SECOND);
  }
  assert.equal(desk.said[0]?.members.length, 4, "told after twice the time, with those that came by then");
  desk.later(5 * SECOND);
  assert.equal(desk.said.length, 1, "the others joined without a word");
});

test("those that join are shown at once where a message can be changed, and told after five minutes elsewhere", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps: [{ afterMs: 0, to: ["me", "chat"] }] }) });
  openOn(desk, 3);
  desk.later(5 * SECOND);
  const group = desk.said[0]?.thread;
  desk.heard();
  desk.take(desk.notice("late-1", { host: "web-1" }), desk.notice("late-2", { host: "web-1" }));
  desk.later(5 * SECOND);
  assert.equal(desk.said[0]?.members.length, 5);
  assert.deepEqual(desk.heard(), [`chat updated ${group}`]);
  desk.later(5 * MINUTE);
  assert.match(desk.said[0].text, /^Joined since: late-1, late-2\./);
  assert.deepEqual(desk.heard(), [`me reminder ${group}`]);
  desk.later(60 * MINUTE);
  assert.deepEqual(desk.heard(), []);
});

test("when all are back one message says so", () => {
  const desk = new TestDesk();
  const notices = openOn(desk, 3);
  desk.later(10 * MINUTE);
  desk.heard();
  for (const notice of notices) desk.then(notice, "resolved");
  assert.equal(desk.said[0]?.title, "all 3 agents are well again");
  assert.equal(desk.said.length, 1);
  assert.deepEqual([...desk.rows.keys()], ["groups"]);
});

test("a minute after the first is back the others are told of one by one", () => {
  const desk = new TestDesk();
  const [first, second, third] = openOn(desk, 3) as [AlertNotice, AlertNotice, AlertNotice];
  desk.later(10 * MINUTE);
  desk.heard();
  desk.then(first, "resolved");
  desk.then(second, "resolved");
  desk.later(MINUTE);
  assert.equal(desk.said[0]?.title, "2 of 3 agents are well again");
  assert.match(desk.said[0].text, /Still open after 11 min: bot-2\./);
  // What was opened for all is closed for all, so it is opened anew: a service that keeps incidents must not show none.
  assert.deepEqual(desk.heard().slice(1), ["me opened inc_3"]);
  desk.then(third, "resolved");
  assert.deepEqual(desk.heard(), ["me resolved inc_3"]);
});

test("half of the fleet silent together is one message, whatever their hosts", () => {
  const desk = new TestDesk();
  desk.set({ fleet: () => ({ up: 900, silentLately: 1_000 }) });
  desk.take(...Array.from({ length: 1_000 }, (_, n) => desk.notice(`bot-${n}`, { host: `web-${n % 50}` })));
  desk.later(5 * SECOND);
  assert.equal(desk.said.length, 1);
  const [common] = desk.said;
  assert.equal(common?.title, "probable common cause: 1,000 of 1,900 agents fell silent together");
  assert.equal(common.members.length, 1_000);
});

test("four of a hundred that are silent are not called a common cause", () => {
  const desk = new TestDesk();
  desk.set({ fleet: () => ({ up: 96, silentLately: 4 }) });
  openOn(desk, 4, { host: null });
  desk.later(5 * SECOND);
  assert.equal(desk.said[0]?.title, "4 agents at once: silent 4");
});

test("a supervisor that is lost is one fact from two agents on, with words of its own", () => {
  const desk = new TestDesk();
  const notices = openOn(desk, 2, { kind: "supervisor-lost" });
  desk.later(5 * SECOND);
  assert.equal(desk.said[0]?.title, "the supervisor on web-1 is not heard any more");
  desk.heard();
  for (const notice of notices) desk.then(notice, "resolved");
  assert.equal(desk.said[0].title, "the supervisor on web-1 is back");
});

test("a group is looked after when all that are open are, and then it escalates no further", () => {
  const desk = new TestDesk();
  const steps = [
    { afterMs: 0, to: ["me"] },
    { afterMs: 10 * MINUTE, to: ["phone"] },
  ];
  desk.set({ routeOf: () => ({ ...plainRoute, steps }) });
  const notices = openOn(desk, 3);
  desk.later(5 * SECOND);
  for (const notice of notices.slice(0, 2)) desk.then(notice, "acknowledged", { by: "ada" });
  desk.heard();
  desk.later(5 * MINUTE);
  desk.then(notices[2] as AlertNotice, "acknowledged", { by: "ada" });
  desk.later(60 * MINUTE);
  assert.deepEqual(desk.heard(), []);
});

test("a group is told to be looked after once all of its members are, and once only", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps: [{ afterMs: 0, to: ["me", "chat", "pager"] }] }) });
  const [first, second, third] = openOn(desk, 3) as [AlertNotice, AlertNotice, AlertNotice];
  desk.later(5 * SECOND);
  const group = desk.said[0]?.thread;
  desk.heard();
  desk.then(first, "acknowledged", { by: "ada" });
  desk.then(first, "acknowledged", { by: "ada" });
  desk.then(second, "acknowledged", { by: "ada" });
  assert.deepEqual(desk.heard(), []);
  desk.then(third, "acknowledged", { by: "bob" });
  assert.match(desk.said[0]?.text ?? "", /^Acknowledged by bob at 03:00:05 UTC: .* Look at the host first/);
  assert.equal(desk.said[0]?.members.length, 3);
  assert.deepEqual(desk.heard(), [`chat acknowledged ${group}`, `pager acknowledged ${group}`]);
});

test("who joins a group that somebody looks after is told of where it was told before, and every message goes on saying who has it", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps: [{ afterMs: 0, to: ["me", "chat", "pager"] }] }) });
  const notices = openOn(desk, 3);
  desk.later(5 * SECOND);
  for (const notice of notices) desk.then(notice, "acknowledged", { by: "ada" });
  desk.heard();
  const late = desk.open("late", { host: "web-1" });
  desk.later(10 * MINUTE);
  assert.match(desk.said[0]?.text ?? "", /^Acknowledged by ada/);
  assert.equal(desk.said[0]?.acknowledged?.by, "ada");
  const heard = desk.heard().map((line) => line.replace(/ grp_\w+$/, ""));
  assert.deepEqual(heard, ["chat updated", "me reminder", "pager reminder"]);
  desk.then(late, "acknowledged", { by: "bob" });
  assert.deepEqual(desk.heard(), [], "it was looked after already");
});

test("who joined shortly before the acknowledgement is not told of by a reminder", () => {
  const desk = new TestDesk();
  const notices = openOn(desk, 3);
  desk.later(5 * SECOND);
  const late = desk.open("late", { host: "web-1" });
  desk.later(5 * SECOND);
  desk.heard();
  for (const notice of [...notices, late]) desk.then(notice, "acknowledged", { by: "ada" });
  desk.later(60 * MINUTE);
  assert.deepEqual(desk.heard(), []);
});

test("a member that is left when its group ends is looked after by whom it was before", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, remindMs: 10 * MINUTE, steps: [{ afterMs: 0, to: ["chat"] }] }) });
  const [first, second, third] = openOn(desk, 3) as [AlertNotice, AlertNotice, AlertNotice];
  desk.later(5 * SECOND);
  desk.then(third, "acknowledged", { by: "ada" });
  desk.then(first, "resolved");
  desk.then(second, "resolved");
  desk.later(60 * MINUTE);
  desk.heard();
  desk.then(third, "acknowledged", { by: "bob" });
  desk.then(third, "resolved");
  assert.equal(desk.said[0]?.acknowledged?.by, "ada");
  assert.deepEqual(desk.heard(), ["chat resolved inc_3"]);
});

test("a group that rises after somebody has taken it wakes nobody else", () => {
  const desk = new TestDesk();
  const both = [{ afterMs: 0, to: ["me", "boss"] }];
  desk.set({ routeOf: ({ severity }) => (severity === "page" ? { ...plainRoute, steps: both } : plainRoute) });
  const notices = openOn(desk, 3, { severity: "warn" });
  desk.later(5 * SECOND);
  const group = desk.said[0]?.thread;
  for (const notice of notices) desk.then(notice, "acknowledged", { by: "ada" });
  desk.heard();
  for (const notice of notices) desk.then(notice, "raised", { severity: "page" });
  desk.later(60 * MINUTE);
  assert.deepEqual(desk.heard(), [`me raised ${group}`]);
});

test("the first member that rises to a page takes its group with it, once", () => {
  const desk = new TestDesk();
  const notices = openOn(desk, 3, { severity: "warn" });
  desk.later(5 * SECOND);
  const group = desk.said[0]?.thread;
  desk.heard();
  for (const notice of notices) desk.then(notice, "raised", { severity: "page" });
  assert.deepEqual(desk.heard(), [`me raised ${group}`]);
});

test("a silence of one member leaves the others of its group told of; a silence of all does not", () => {
  for (const [silenced, heard] of [[["bot-0"], 1] as const, [["bot-0", "bot-1", "bot-2"], 0] as const]) {
    const desk = new TestDesk();
    const steps = [
      { afterMs: 0, to: ["me"] },
      { afterMs: 10 * MINUTE, to: ["phone"] },
    ];
    desk.set({ routeOf: () => ({ ...plainRoute, steps }) });
    openOn(desk, 3);
    desk.later(5 * SECOND);
    desk.heard();
    const until = desk.now + 60 * MINUTE;
    desk.set({
      mutedBy: ({ agent }, now) =>
        now < until && silenced.some((name) => name === agent) ? { why: "silence", until, reason: "" } : null,
    });
    desk.later(20 * MINUTE);
    assert.equal(desk.heard().length, heard);
  }
});

test("a page that joins a group of warnings takes it with it at once", () => {
  const desk = new TestDesk();
  openOn(desk, 3, { severity: "warn" });
  desk.later(5 * SECOND);
  const group = desk.said[0]?.thread;
  desk.heard();
  desk.open("late", { host: "web-1", kind: "failing", severity: "page" });
  desk.later(5 * SECOND);
  assert.equal(desk.said[0]?.severity, "page");
  assert.equal(desk.said[0].members.length, 4);
  assert.deepEqual(desk.heard(), [`me raised ${group}`]);
});

test("those that join a group that is looked after are told to those who know of it, and to nobody else", () => {
  const desk = new TestDesk();
  const steps = [
    { afterMs: 0, to: ["me"] },
    { afterMs: 10 * MINUTE, to: ["phone"] },
  ];
  desk.set({ routeOf: () => ({ ...plainRoute, steps }) });
  const notices = openOn(desk, 3);
  desk.later(5 * SECOND);
  const group = desk.said[0]?.thread;
  for (const notice of notices) desk.then(notice, "acknowledged", { by: "ada" });
  desk.heard();
  desk.later(MINUTE);
  desk.open("late", { host: "web-1" });
  desk.later(60 * MINUTE);
  assert.match(desk.said[0]?.text ?? "", /^Joined since: late\./);
  assert.deepEqual(desk.heard(), [`me reminder ${group}`]);
});

test("many that go and are back within the moment of gathering are two messages, not two for each", () => {
  const desk = new TestDesk();
  const notices = openOn(desk, 100);
  desk.later(SECOND);
  for (const notice of notices) desk.then(notice, "resolved");
  desk.later(5 * SECOND);
  assert.equal(desk.said[0]?.members.length, 100);
  assert.equal(desk.said[1]?.title, "all 100 agents are well again");
  assert.equal(desk.said.length, 2);
  assert.deepEqual([...desk.rows.keys()], ["groups"]);
});

test("of many, those that are not back stay one message, and it is over when only a few or none are left", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps: [{ afterMs: 0, to: ["me", "chat"] }] }) });
  const notices = openOn(desk, 20);
  desk.later(5 * SECOND);
  const group = desk.said[0]?.thread;
  desk.heard();
  desk.then(notices[0] as AlertNotice, "resolved");
  assert.deepEqual(desk.heard(), [`chat updated ${group}`]);
  desk.later(MINUTE);
  assert.equal(desk.said[0]?.title, "1 of 20 agents are well again");
  assert.match(desk.said[0].text, /Still open after .* bot-19\.$/);
  assert.deepEqual(desk.heard(), [`me updated ${group}`]);
  for (const notice of notices.slice(1, 18)) desk.then(notice, "resolved");
  desk.later(6 * MINUTE);
  assert.deepEqual(
    desk.heard().filter((line) => line.startsWith("me")),
    [`me resolved ${group}`, "me opened inc_19", "me opened inc_20"],
  );
  const many = new TestDesk();
  const all = openOn(many, 20);
  many.later(5 * SECOND);
  many.then(all[0] as AlertNotice, "resolved");
  many.later(MINUTE);
  many.heard();
  for (const notice of all.slice(1)) many.then(notice, "resolved");
  assert.equal(many.said[0]?.title, "all 20 agents are well again");
  assert.equal(many.heard().length, 1);
  assert.deepEqual([...many.rows.keys()], ["groups"]);
});

test("a message that can be changed is changed every ten seconds at most, however fast its members come and go", () => {
  const desk = new TestDesk();
  desk.set({ routeOf: () => ({ ...plainRoute, steps: [{ afterMs: 0, to: ["chat"] }] }) });
  const notices = openOn(desk, 100);
  desk.later(5 * SECOND);
  desk.heard();
  for (const notice of notices.slice(0, 50)) {
    desk.then(notice, "resolved");
    desk.later(SECOND / 2);
  }
  desk.later(10 * SECOND);
  const updates = desk.said.splice(0);
  assert.equal(updates.length, 4);
  assert.equal(updates.at(-1)?.members.filter(({ resolvedAt }) => resolvedAt !== null).length, 50, "the last is whole");
  desk.later(60 * MINUTE);
  assert.deepEqual(desk.heard(), []);
});
