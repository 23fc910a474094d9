import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { DAY, HOUR, MINUTE, SECOND, type Ms } from "@midwatch/core";
import { nextTry } from "./retry.ts";

const again = { sent: false, retry: true, error: "it answered 503" } as const;

function wait(tries: number, random: number, more: { retryAfterMs?: number; age?: number } = {}): Ms | null {
  const { age = 0, ...asked } = more;
  const at = nextTry({ tries, writtenAt: 0, now: age, outcome: { ...again, ...asked }, random: () => random });
  return at === null ? null : at - age;
}

test("the longest possible wait doubles from 5 s and stops growing at an hour", () => {
  const longest = [1, 2, 3, 4, 10, 11, 12, 50].map((tries) => wait(tries, 1));
  assert.deepEqual(
    longest,
    [5, 10, 20, 40, 2_560, 3_600, 3_600, 3_600].map((s) => s * SECOND),
  );
});

test("the wait is drawn from the whole span, but is never under a second", () => {
  assert.equal(wait(4, 0.5), 20 * SECOND);
  assert.equal(wait(4, 0), SECOND);
});

test("a receiver that asks for a longer wait gets it", () => {
  assert.equal(wait(1, 1, { retryAfterMs: 2 * MINUTE }), 2 * MINUTE);
  assert.equal(wait(6, 1, { retryAfterMs: SECOND }), 160 * SECOND);
});

test("what cannot be helped by trying again is not tried again", () => {
  const refused = { sent: false, retry: false, error: "it answered 404" } as const;
  assert.equal(nextTry({ tries: 1, writtenAt: 0, now: 0, outcome: refused, random: () => 1 }), null);
});

test("after a day there is no more try, and the last one is made when the day is over", () => {
  assert.equal(wait(60, 1, { age: DAY - MINUTE }), MINUTE);
  assert.equal(wait(61, 1, { age: DAY }), null);
});

test("a receiver that asks for more than is left of the day is asked once more, when it said", () => {
  assert.equal(wait(60, 1, { age: DAY - MINUTE, retryAfterMs: HOUR }), HOUR);
  assert.equal(wait(61, 1, { age: DAY - MINUTE + HOUR, retryAfterMs: HOUR }), null);
});

test("a notification that waited two days for Midwatch to come back is still tried a few times", () => {
  assert.deepEqual(
    [1, 4, 5].map((tries) => wait(tries, 1, { age: 2 * DAY })),
    [5 * SECOND, 40 * SECOND, null],
  );
});

test("whatever the chance, the next try lies ahead, at most a day away, and the tries of a day are bounded", () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1 }),
      (chances) => {
        let now = 0;
        for (let tries = 1; ; tries += 1) {
          assert.ok(tries <= DAY / SECOND + 1);
          const random = (): number => chances[tries % chances.length] ?? 0;
          const next = nextTry({ tries, writtenAt: 0, now, outcome: again, random });
          if (next === null) return;
          assert.ok(next > now && next <= now + HOUR);
          now = next;
        }
      },
    ),
    // With every chance at 0 a day holds 86,400 tries; a few runs are enough to look at such a day once.
    { numRuns: 20 },
  );
});
