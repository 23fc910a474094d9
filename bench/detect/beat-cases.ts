// Trouble that shows in beats rather than in cycles, in one kind of cycle only, or in a young agent.

import { heavyTail, steady } from "./bases.ts";
import { cyclesOf } from "./beats.ts";
import { between, seeded, type Random } from "./random.ts";
import type { Beat } from "./rules.ts";
import type { Case } from "./score.ts";

const runs = 40;

export const beatCorpora = {
  open: "runaway inside a cycle (in beats)",
  kind: "loop in one named kind",
  young: "trouble in the first 30 cycles",
} as const;

export function* beatCases(seed: number): Generator<Case> {
  for (let run = 0; run < runs; run += 1) {
    yield insideCycle("on a steady series", steady(seeded(seed + run)), 0);
    yield insideCycle("on a noisy series", heavyTail(seeded(seed + run)), 0);
    yield insideCycle("slowly: a tenth of the usual per call", steady(seeded(seed + run)), 150);
    yield loopingPoll(seeded(seed + run));
    yield young("40,000 tokens a cycle", seeded(seed + run), 40_000);
    yield young("300,000 tokens a cycle", seeded(seed + run), 300_000);
  }
}

/** 500 cycles of four calls each; then a cycle that calls 400 times and never ends. 0 tokens: as much as a usual call. */
function insideCycle(name: string, next: () => number, tokensPerCall: number): Case {
  const beats: Beat[] = [];
  for (let cycle = 0; cycle < 500; cycle += 1) {
    for (let call = 0; call < 4; call += 1)
      beats.push({ tokens: Math.round(next() / 4), kind: null, cycle, closes: call === 3 });
  }
  const from = beats.length;
  for (let call = 0; call < 400; call += 1)
    beats.push({ tokens: tokensPerCall || Math.round(next() / 4), kind: null, cycle: 500, closes: false });
  return { corpus: beatCorpora.open, name, beats, troubles: [{ from, to: beats.length }] };
}

/** Polls for 200 and acts for some thousands, by name; then its polls cost what an act does. */
function loopingPoll(random: Random): Case {
  const tail = heavyTail(random);
  const poll = (tokens: number): Beat => ({ tokens, kind: "poll", cycle: null, closes: true });
  const usual = Array.from({ length: 1_000 }, () =>
    random() < 0.1 ? { ...poll(2_000 + tail()), kind: "act" } : poll(between(random, 150, 250)),
  );
  const beats = [...usual, ...Array.from({ length: 50 }, () => poll(3_000))];
  const name = "polls at 3,000 tokens, acts at as much";
  return { corpus: beatCorpora.kind, name, beats, troubles: [{ from: usual.length, to: beats.length }] };
}

function young(name: string, random: Random, tokens: number): Case {
  const next = steady(random);
  const from = between(random, 1, 30);
  const beats = cyclesOf([...Array.from({ length: from }, next), ...new Array<number>(50).fill(tokens)]);
  return { corpus: beatCorpora.young, name, beats, troubles: [{ from, to: beats.length }] };
}
