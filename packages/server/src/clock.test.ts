import assert from "node:assert/strict";
import { test } from "node:test";
import { steadyClock } from "./clock.ts";

function source(): { wall: number; mono: number; now: () => number; monotonic: () => number } {
  const clock = { wall: 1_000_000, mono: 0, now: () => clock.wall, monotonic: () => clock.mono };
  return clock;
}

test("the watcher's time follows the wall clock, and a jump forward at once", () => {
  const wall = source();
  const clock = steadyClock(wall);
  wall.wall += 5_000;
  wall.mono += 5_000;
  assert.equal(clock.now(), 1_005_000);
  wall.wall += 3_600_000;
  assert.equal(clock.now(), 4_605_000);
});

test("a wall clock that is set back does not turn the watcher's time back, nor stop it", () => {
  const wall = source();
  const clock = steadyClock(wall);
  wall.wall -= 3_600_000;
  const before = clock.now();
  for (let second = 0; second < 100; second++) {
    wall.wall += 1_000;
    wall.mono += 1_000;
    clock.now();
  }
  assert.equal(before, 1_000_000);
  assert.equal(clock.now(), 1_090_000);
});

test("after a step back the watcher's time meets the wall clock again", () => {
  const wall = source();
  const clock = steadyClock(wall);
  wall.wall -= 10_000;
  for (let second = 0; second < 101; second++) {
    wall.wall += 1_000;
    wall.mono += 1_000;
    clock.now();
  }
  assert.equal(clock.now(), wall.wall);
});
