// What agents spend when nothing is wrong: tokens per cycle, one cycle a minute. Drawn from a seed, or read from a file.

import { between, normal, seeded, type Random } from "./random.ts";

export interface Series {
  readonly name: string;
  /** Tokens per cycle, in order; 0 is a cycle that was idle. */
  readonly cycles: readonly number[];
}

const dayCycles = 1_440;

/** Series that other things are put into: even, uneven, and with a memory. */
export function evenAndUneven(seed: number, cycles = 10_000): readonly Series[] {
  return [
    { name: "steady", cycles: draw(cycles, steady(seeded(seed))) },
    { name: "heavy tail", cycles: draw(cycles, heavyTail(seeded(seed + 1))) },
    { name: "wandering", cycles: draw(cycles, wandering(seeded(seed + 2))) },
  ];
}

/** Series with a rhythm of their own. */
export function rhythmic(seed: number): readonly Series[] {
  return [
    { name: "bursty", cycles: bursty(seeded(seed + 3), 20_000) },
    { name: "idle gaps", cycles: idleGaps(seeded(seed + 4), 20_000) },
    { name: "busy days, idle nights", cycles: daysAndNights(seeded(seed + 5), 28) },
    { name: "a heavy job each night", cycles: nightlyJob(seeded(seed + 6), 28) },
  ];
}

export function steady(random: Random): () => number {
  return () => Math.round(1_500 * Math.exp(0.2 * normal(random)));
}

export function heavyTail(random: Random): () => number {
  return () => Math.round(1_500 * Math.exp(0.8 * normal(random) - 0.32));
}

/** Polls for 150–250 tokens and, with the given probability, acts for 2,000 and a request. */
export function pollAndAct(random: Random, count: number, acts: number, request: () => number): readonly number[] {
  return draw(count, () => Math.round(random() < acts ? 2_000 + request() : 150 + 100 * random()));
}

/** The same shape around another mean. */
export function scaledToMean({ name, cycles }: Series, mean: number): Series {
  const factor = (mean * cycles.length) / cycles.reduce((sum, one) => sum + one, 0);
  return { name, cycles: cycles.map((tokens) => tokens * factor) };
}

/** Each cycle remembers the one before: the work at hand is dear for a while, then cheap for a while. */
function wandering(random: Random): () => number {
  let level = 0;
  return () => {
    level = 0.95 * level + 0.15 * normal(random);
    return Math.round(2_000 * Math.exp(level + 0.3 * normal(random)));
  };
}

/** Small cycles, and about every 150 of them a burst of a few that cost up to a hundred times as much. */
function bursty(random: Random, cycles: number): readonly number[] {
  let left = 0;
  let height = 0;
  return draw(cycles, () => {
    if (left === 0 && random() < 1 / 150) {
      left = between(random, 1, 15);
      height = Math.min(100, 4 / random() ** 0.8);
    }
    const times = left > 0 ? height : 1;
    left = Math.max(0, left - 1);
    return Math.round(400 * times * Math.exp(0.4 * normal(random)));
  });
}

/** Works for a few minutes to a few hours, then is idle as long. The first cycles after a gap cost double. */
function idleGaps(random: Random, cycles: number): readonly number[] {
  const series: number[] = [];
  while (series.length < cycles) {
    const busy = draw(between(random, 5, 200), (n) =>
      Math.round(2_000 * (n < 3 ? 2 : 1) * Math.exp(0.4 * normal(random))),
    );
    series.push(...busy, ...draw(between(random, 5, 400), () => 0));
  }
  return series.slice(0, cycles);
}

/** A few hundred tokens at night, some thousands by day, weekends quieter. */
function daysAndNights(random: Random, days: number): readonly number[] {
  return draw(days * dayCycles, (minute) => {
    const day = Math.floor(minute / dayCycles);
    const hour = (minute % dayCycles) / 60;
    const busy = Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI)) * (day % 7 < 5 ? 1 : 0.4);
    const isIdle = random() < 0.5 * (1 - busy);
    return isIdle ? 0 : Math.round((250 + 6_000 * busy) * Math.exp(0.6 * normal(random)));
  });
}

/** Cheap all day; at two in the morning an hour of cycles that cost eight times as much. */
function nightlyJob(random: Random, days: number): readonly number[] {
  return draw(days * dayCycles, (minute) => {
    const job = Math.floor((minute % dayCycles) / 60) === 2;
    return Math.round((job ? 8 : 1) * 800 * Math.exp(0.4 * normal(random)));
  });
}

function draw(count: number, next: (index: number) => number): readonly number[] {
  return Array.from({ length: count }, (_, index) => next(index));
}
