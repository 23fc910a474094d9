// Series in which nothing is wrong: every alarm is false.

import { evenAndUneven, heavyTail, pollAndAct, rhythmic, steady, type Series } from "./bases.ts";
import { cyclesOf } from "./beats.ts";
import { seeded } from "./random.ts";
import type { Case } from "./score.ts";

const runs = 5;
const pollRuns = 20;

export const quietCorpora = {
  traces: "real traces",
  even: "steady, heavy-tailed, wandering",
  rhythmic: "bursts, gaps, days and weeks",
  polls: "polls and acts, kinds not named",
  kinds: "polls and acts, kinds named",
  small: "a lasting rise × 2",
} as const;

export function* quietCases(seed: number, traces: readonly Series[]): Generator<Case> {
  for (const { name, cycles } of traces) yield quiet(quietCorpora.traces, name, cycles);
  for (let run = 0; run < runs; run += 1) {
    const own = seed + 100 * run;
    for (const { name, cycles } of evenAndUneven(own)) yield quiet(quietCorpora.even, name, cycles);
    for (const { name, cycles } of rhythmic(own)) yield quiet(quietCorpora.rhythmic, name, cycles);
  }
  yield* polls(seed, traces);
  yield* smallRises(seed);
}

/** The acts are requests of the first trace, where there is one. */
function* polls(seed: number, [trace]: readonly Series[]): Generator<Case> {
  for (const acts of [0.1, 0.05, 0.02, 0.01]) {
    for (let run = 0; run < pollRuns; run += 1) {
      const random = seeded(seed + run);
      const tail = heavyTail(random);
      const request = () => trace?.cycles[Math.floor(random() * trace.cycles.length)] ?? tail();
      const cycles = pollAndAct(random, 5_000, acts, request);
      const name = `${100 * acts} % acts`;
      yield quiet(quietCorpora.polls, name, cycles);
      const beats = cyclesOf(cycles).map((beat) => ({ ...beat, kind: beat.tokens < 1_000 ? "poll" : "act" }));
      yield { corpus: quietCorpora.kinds, name, beats, troubles: [] };
    }
  }
}

/** Double the cost from one cycle to the next is a change, and no reason to call anybody. */
function* smallRises(seed: number): Generator<Case> {
  for (let run = 0; run < pollRuns; run += 1) {
    const next = steady(seeded(seed + run));
    const cycles = Array.from({ length: 2_000 }, (_, n) => (n < 1_000 ? 1 : 2) * next());
    yield quiet(quietCorpora.small, "on a steady series", cycles);
    const tail = heavyTail(seeded(seed + run));
    const uneven = Array.from({ length: 2_000 }, (_, n) => (n < 1_000 ? 1 : 2) * tail());
    yield quiet(quietCorpora.small, "on a noisy series", uneven);
  }
}

function quiet(corpus: string, name: string, cycles: readonly number[]): Case {
  return { corpus, name, beats: cyclesOf(cycles), troubles: [] };
}
