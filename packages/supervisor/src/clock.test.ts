import assert from "node:assert/strict";
import { test } from "node:test";
import { SteadyTime, type Clock } from "./clock.ts";

function clocks(): { wall: number; monotonic: number; clock: Clock } {
  const hands = { wall: 1_000_000, monotonic: 5 };
  const clock = { wall: () => hands.wall, monotonic: () => hands.monotonic, after: () => () => undefined };
  return Object.assign(hands, { clock });
}

test("time goes on when the wall clock is set back", () => {
  const hands = clocks();
  const time = new SteadyTime(hands.clock);
  hands.wall -= 3_600_000;
  hands.monotonic += 1_000;
  assert.equal(time.look(1_001_000), null);
  assert.equal(time.now(), 1_001_000);
});

test("a leap of the wall clock is followed, and reported as a time that nobody watched", () => {
  const hands = clocks();
  const time = new SteadyTime(hands.clock);
  hands.wall += 7_200_250;
  hands.monotonic += 250;
  assert.deepEqual(time.look(1_000_250), { from: 1_000_250, to: 8_200_250 });
  assert.equal(time.now(), 8_200_250);
});

test("a process that did not get to run has not watched; a late timer is ordinary", () => {
  const hands = clocks();
  const time = new SteadyTime(hands.clock);
  hands.wall += 1_250;
  hands.monotonic += 1_250;
  assert.equal(time.look(1_000_250), null);
  hands.wall += 10_000;
  hands.monotonic += 10_000;
  assert.deepEqual(time.look(1_001_500), { from: 1_001_500, to: 1_011_250 });
});

test("after a restart time begins no earlier than the last that was written down", () => {
  const hands = clocks();
  assert.equal(new SteadyTime(hands.clock, 2_000_000).now(), 2_000_000);
});
