// How well a rule did on labelled series. An alarm that opens while there is trouble is right, any other is false; a
// trouble is found when an alarm opens inside it. An alarm that happened to be open before is no merit.

import { ruleNamed, type Beat, type RuleName, type Seen } from "./rules.ts";

/** Beats from … (included) to … (excluded) in which something is wrong. */
export interface Trouble {
  readonly from: number;
  readonly to: number;
}

/** One series with its labels. Scores of cases with the same corpus and name are added up. */
export interface Case {
  readonly corpus: string;
  readonly name: string;
  readonly beats: readonly Beat[];
  readonly troubles: readonly Trouble[];
  /** Instead of the default, for series with a mean below it. */
  readonly floorTokens?: number;
}

export interface Score {
  cases: number;
  /** Beats in which nothing was wrong. */
  quietBeats: number;
  falsePages: number;
  falseWarnings: number;
  /** Most false pages in one case. */
  worstPages: number;
  rightAlarms: number;
  troubles: number;
  /** For each trouble that was found: beats until the first alarm, its own included. */
  readonly delays: number[];
  /** The same until the first page. */
  readonly pageDelays: number[];
  /** Beats until a level was accepted by itself. */
  readonly acceptedAfter: number[];
  /** For each trouble that was found: the share of the beats after its first alarm in which an alarm was open. */
  readonly keptOpen: number[];
}

export function emptyScore(): Score {
  return {
    cases: 0,
    quietBeats: 0,
    falsePages: 0,
    falseWarnings: 0,
    worstPages: 0,
    rightAlarms: 0,
    troubles: 0,
    delays: [],
    pageDelays: [],
    acceptedAfter: [],
    keptOpen: [],
  };
}

export function addCase(score: Score, one: Case, name: RuleName): void {
  const rule = ruleNamed(name, one.floorTokens);
  const seen = one.beats.map(rule);
  const isTrouble = new Uint8Array(seen.length);
  for (const { from, to } of one.troubles) isTrouble.fill(1, from, to);
  let falsePages = 0;
  for (const [index, { page, warn }] of seen.entries()) {
    if (isTrouble[index] === 1) {
      score.rightAlarms += Number(page) + Number(warn);
    } else {
      falsePages += Number(page);
      score.falseWarnings += Number(warn);
      score.quietBeats += 1;
    }
  }
  score.cases += 1;
  score.falsePages += falsePages;
  score.worstPages = Math.max(score.worstPages, falsePages);
  for (const { from, to } of one.troubles) addTrouble(score, seen.slice(from, to));
}

function addTrouble(score: Score, seen: readonly Seen[]): void {
  score.troubles += 1;
  const accepted = seen.findIndex((one) => one.accepted);
  if (accepted >= 0) score.acceptedAfter.push(accepted + 1);
  const page = seen.findIndex((one) => one.page);
  if (page >= 0) score.pageDelays.push(page + 1);
  const first = seen.findIndex((one) => one.page || one.warn);
  if (first < 0) return;
  score.delays.push(first + 1);
  const rest = seen.slice(first);
  score.keptOpen.push(rest.filter(({ open }) => open).length / rest.length);
}

export function addScores(scores: readonly Score[]): Score {
  const total = emptyScore();
  for (const one of scores) {
    for (const key of ["cases", "quietBeats", "falsePages", "falseWarnings", "rightAlarms", "troubles"] as const)
      total[key] += one[key];
    total.worstPages = Math.max(total.worstPages, one.worstPages);
    for (const key of ["delays", "pageDelays", "acceptedAfter", "keptOpen"] as const) total[key].push(...one[key]);
  }
  return total;
}

/** The share of alarms that were right; null when there were none. */
export function precision({ rightAlarms, falsePages, falseWarnings }: Score): number | null {
  const all = rightAlarms + falsePages + falseWarnings;
  return all === 0 ? null : rightAlarms / all;
}

/** The share of troubles that were found; null when there were none. */
export function recall({ delays, troubles }: Score): number | null {
  return troubles === 0 ? null : delays.length / troubles;
}

/** False alarms in a day of one cycle a minute; null without quiet time. */
export function perDay(alarms: number, { quietBeats }: Score): number | null {
  return quietBeats === 0 ? null : (alarms * 1_440) / quietBeats;
}
