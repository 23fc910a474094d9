// Series with labelled trouble: something is put into an ordinary series at many places, after `before` ordinary cycles.

import { heavyTail, pollAndAct, rhythmic, scaledToMean, type Series } from "./bases.ts";
import { cyclesOf } from "./beats.ts";
import { seeded } from "./random.ts";
import type { Case } from "./score.ts";

const before = 1_000;
const places = 40;
const burst = 50;
const rampCycles = 300;

export const troubleCorpora = {
  runaway: "runaway, 200 → 40,000",
  again: "the same runaway again",
  rampSteady: "ramp on a steady series",
  rampNoisy: "ramp on a noisy series",
  levelSteady: "lasting rise on a steady series",
  levelNoisy: "lasting rise on a noisy series",
  polls: "every cycle of a poller is dear",
  days: "runaway on a busy day or an idle night",
} as const;

export const rampPercents = [0.5, 1, 2, 3, 5, 8, 10, 20, 50] as const;
const levels = [2.5, 3, 4, 6, 9, 15];

export function* troubleCases(seed: number, bases: readonly Series[]): Generator<Case> {
  yield* runaways(bases);
  yield* ramps(bases);
  yield* lastingRises(bases);
  yield* dearPollers(seed);
  yield* onDaysAndNights(seed);
}

/** 40,000 tokens for 50 cycles, quiet for 60, then the same again, on series with a mean of 200. */
function* runaways(bases: readonly Series[]): Generator<Case> {
  const runaway = new Array<number>(burst).fill(40_000);
  for (const base of bases) {
    const { cycles } = scaledToMean(base, 200);
    for (const start of startsIn(cycles, 60)) {
      const usual = cycles.slice(start, start + before);
      const between = cycles.slice(start + before, start + before + 60);
      const again = before + burst + between.length;
      const beats = cyclesOf([...usual, ...runaway, ...between, ...runaway]);
      const one = { name: base.name, beats, floorTokens: 0 };
      yield { ...one, corpus: troubleCorpora.runaway, troubles: [{ from: before, to: before + burst }] };
      yield { ...one, corpus: troubleCorpora.again, troubles: [{ from: again, to: again + burst }] };
    }
  }
}

function* ramps(bases: readonly Series[]): Generator<Case> {
  for (const percent of rampPercents) {
    const growth = (n: number) => (1 + percent / 100) ** n;
    for (const base of bases) {
      const corpus = isSteady(base) ? troubleCorpora.rampSteady : troubleCorpora.rampNoisy;
      yield* changed(base, { corpus, name: `${percent} % a cycle`, cycles: rampCycles, by: growth });
    }
  }
}

function* lastingRises(bases: readonly Series[]): Generator<Case> {
  for (const factor of levels) {
    for (const base of bases) {
      const corpus = isSteady(base) ? troubleCorpora.levelSteady : troubleCorpora.levelNoisy;
      yield* changed(base, { corpus, name: `× ${factor}`, cycles: 300, by: () => factor });
    }
  }
}

interface Change {
  readonly corpus: string;
  readonly name: string;
  readonly cycles: number;
  /** The factor on the n-th cycle since it began. */
  readonly by: (n: number) => number;
}

function* changed(base: Series, { corpus, name, cycles: length, by }: Change): Generator<Case> {
  const { cycles } = scaledToMean(base, 1_500);
  for (const start of startsIn(cycles, length)) {
    const usual = cycles.slice(start, start + before);
    const trouble = cycles.slice(start + before, start + before + length).map((tokens, n) => tokens * by(n));
    yield { corpus, name, beats: cyclesOf([...usual, ...trouble]), troubles: [{ from: before, to: before + length }] };
  }
}

/** An agent that polls for 200 tokens and acts in every tenth to hundredth cycle; then every cycle is an act. */
function* dearPollers(seed: number): Generator<Case> {
  for (const dear of [40_000, 8_000, 4_000]) {
    for (const acts of [0.1, 0.05, 0.02, 0.01]) {
      for (let run = 0; run < 20; run += 1) {
        const random = seeded(seed + 1_000 + run);
        const usual = pollAndAct(random, before, acts, heavyTail(random));
        // A cheap stretch first: the alarm for an act just before would be no merit.
        const cheap = new Array<number>(20).fill(200);
        const beats = cyclesOf([...usual, ...cheap, ...new Array<number>(burst).fill(dear)]);
        const from = before + cheap.length;
        const name = `${dear.toLocaleString("en-US")} tokens a cycle`;
        yield { corpus: troubleCorpora.polls, name, beats, troubles: [{ from, to: from + burst }] };
      }
    }
  }
}

/** Half an hour at 150,000 tokens a cycle, at every hour of the day. */
function* onDaysAndNights(seed: number): Generator<Case> {
  for (const { name, cycles } of rhythmic(seed + 50).filter((one) => one.name !== "bursty")) {
    for (let hour = 0; hour < 24; hour += 1) {
      const from = 10 * 1_440 + hour * 60;
      const runaway = new Array<number>(30).fill(150_000);
      const beats = cyclesOf([...cycles.slice(0, from), ...runaway, ...cycles.slice(from, from + 60)]);
      yield { corpus: troubleCorpora.days, name, beats, troubles: [{ from, to: from + runaway.length }] };
    }
  }
}

function isSteady({ name }: Series): boolean {
  return name === "steady";
}

/** Evenly spread places that leave room for what comes before and after. */
function startsIn(cycles: readonly number[], after: number): readonly number[] {
  const room = cycles.length - before - after;
  return room < 0 ? [] : Array.from({ length: places }, (_, index) => Math.floor((room * index) / places));
}
