import assert from "node:assert/strict";
import { test } from "node:test";
import { isOver, judgeSilence, noteReturns, togetherMs, type Episode } from "./mass-silence.ts";

const now = 1_790_000_000_000;
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `agent-${index}`);

test("four agents that fall silent together are four notices", () => {
  const verdict = judgeSilence({ now, goingDown: names(4), silentLately: 4, up: 0 }, null);
  assert.equal(verdict.notice, "each");
});

test("five of ten are one notice with a probable common cause", () => {
  const verdict = judgeSilence({ now, goingDown: names(5), silentLately: 5, up: 5 }, null);
  assert.equal(verdict.notice, "common");
  assert.equal(verdict.episode?.members.length, 5);
});

test("five of eleven are five notices", () => {
  assert.equal(judgeSilence({ now, goingDown: names(5), silentLately: 5, up: 6 }, null).notice, "each");
});

test("one agent that goes down while many others are late speaks for all of them", () => {
  assert.equal(judgeSilence({ now, goingDown: names(1), silentLately: 40, up: 10 }, null).notice, "common");
});

test("agents that go down while the common silence lasts join it and are counted once", () => {
  const { episode } = judgeSilence({ now, goingDown: names(5), silentLately: 9, up: 1 }, null);
  const joined = judgeSilence({ now: now + 5_000, goingDown: names(7), silentLately: 9, up: 1 }, episode);
  assert.equal(joined.notice, "joined");
  assert.equal(joined.episode?.joined, 7);
  assert.equal(joined.episode.members.length, 7);
});

test("an agent that goes down long after the others is told of by itself", () => {
  const { episode } = judgeSilence({ now, goingDown: names(5), silentLately: 5, up: 1 }, null);
  const later = judgeSilence({ now: now + togetherMs + 1, goingDown: ["lone"], silentLately: 1, up: 30 }, episode);
  assert.equal(later.notice, "each");
});

test("the end of a common silence is told when the last is back, or a minute after the first", () => {
  const { episode } = judgeSilence({ now, goingDown: names(5), silentLately: 5, up: 1 }, null);
  const started = episode as Episode;
  assert.equal(isOver(started, now + 10 * togetherMs), false);
  const some = noteReturns(["agent-0", "agent-1"], started, now + 60_000);
  assert.equal(isOver(some, now + 61_000), false);
  assert.equal(isOver(some, now + 120_000), true);
  assert.deepEqual(some.members, ["agent-2", "agent-3", "agent-4"]);
  const all = noteReturns(["agent-2", "agent-3", "agent-4"], some, now + 62_000);
  assert.equal(isOver(all, now + 62_000), true);
});
