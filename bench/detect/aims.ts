// What the detector must show, as findings.

import { spellCount, type Finding } from "../finding.ts";
import { beatCorpora } from "./beat-cases.ts";
import { quietCorpora } from "./quiet-cases.ts";
import type { Results } from "./results.ts";
import { perDay, type Score } from "./score.ts";
import { rampPercents, troubleCorpora } from "./trouble-cases.ts";

const rule = "three scales";

export function aims(results: Results): readonly Finding[] {
  const total = (corpus: string) => results.total(corpus, rule);
  const traces = results.corpora().includes(quietCorpora.traces)
    ? [noPage("real traces", total(quietCorpora.traces))]
    : [];
  return [
    ...traces,
    noPage("named kinds of cycle", total(quietCorpora.kinds)),
    noPage("a lasting rise × 2", total(quietCorpora.small)),
    fewPerDay("bursts, gaps, days and weeks", total(quietCorpora.rhythmic), 0.1),
    fewPerPoller(results),
    onFirst("200 → 40,000 tokens", total(troubleCorpora.runaway)),
    keptOpen(total(troubleCorpora.runaway)),
    onFirst("the same runaway again", total(troubleCorpora.again)),
    ...[troubleCorpora.rampSteady, troubleCorpora.rampNoisy].map((corpus) => rampsFound(results, corpus)),
    found("every cycle of a poller is dear", total(troubleCorpora.polls)),
    found("a runaway inside a cycle that never ends", total(beatCorpora.open)),
    found("trouble in the first 30 cycles", total(beatCorpora.young)),
  ];
}

function noPage(what: string, { falsePages }: Score): Finding {
  return { what: `pages on ${what}`, measured: spellCount(falsePages), aim: "0", met: falsePages === 0 };
}

function fewPerDay(what: string, score: Score, most: number): Finding {
  const rate = perDay(score.falsePages + score.falseWarnings, score) ?? 0;
  return { what: `false alarms a day: ${what}`, measured: rate.toFixed(3), aim: `at most ${most}`, met: rate <= most };
}

function fewPerPoller(results: Results): Finding {
  const rates = results.names(quietCorpora.polls).map((name) => {
    const { falsePages, quietBeats } = results.one(quietCorpora.polls, name, rule);
    return (falsePages * 5_000) / quietBeats;
  });
  const most = Math.max(...rates);
  return {
    what: "pages in 5,000 cycles of an agent that polls and acts, the worst share of acts",
    measured: most.toFixed(2),
    aim: "about 1 at most",
    met: most <= 1.5,
  };
}

function onFirst(what: string, { pageDelays, troubles }: Score): Finding {
  const first = pageDelays.filter((delay) => delay === 1).length;
  return {
    what: `${what}, paged on its first cycle`,
    measured: `${first} of ${troubles}`,
    aim: "all",
    met: first === troubles,
  };
}

function keptOpen({ keptOpen: shares, troubles }: Score): Finding {
  const whole = shares.filter((share) => share === 1).length;
  return {
    what: "and kept open while it lasts",
    measured: `${whole} of ${troubles}`,
    aim: "all",
    met: whole === troubles,
  };
}

function rampsFound(results: Results, corpus: string): Finding {
  const scores = rampPercents
    .filter((percent) => percent >= 2)
    .map((percent) => results.one(corpus, `${percent} % a cycle`, rule));
  const hits = scores.reduce((sum, { delays }) => sum + delays.length, 0);
  const troubles = scores.reduce((sum, one) => sum + one.troubles, 0);
  return {
    what: `${corpus}, 2 % a cycle and more, found`,
    measured: `${hits} of ${troubles}`,
    aim: "all",
    met: hits === troubles,
  };
}

function found(what: string, { delays, troubles }: Score): Finding {
  return {
    what: `${what}, found`,
    measured: `${delays.length} of ${troubles}`,
    aim: "all",
    met: delays.length === troubles,
  };
}
