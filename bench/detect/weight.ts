import { defaultCostSettings, emptyHistory, judgeCycle } from "@midwatch/core";
import { spellCount, type Finding } from "../finding.ts";
import type { Series } from "./bases.ts";

const aimBytes = 8_192;

/** What a history weighs, and, for orientation only, what a judgement costs. */
export function weighHistories(series: readonly Series[]): Finding {
  let cycles = 0;
  let largest = 0;
  let changing = 0;
  let elapsedMs = 0;
  for (const one of series) {
    const begun = performance.now();
    let history = emptyHistory();
    for (const tokens of one.cycles) history = judgeCycle(history, tokens, defaultCostSettings).history;
    elapsedMs += performance.now() - begun;
    cycles += one.cycles.length;
    largest = Math.max(largest, JSON.stringify(history).length);
    changing = Math.max(changing, JSON.stringify({ ...history, long: undefined }).length);
  }
  console.log(
    `\nOne judgement takes ${((elapsedMs * 1_000) / cycles).toFixed(2)} µs. Of a history's ${spellCount(largest)} bytes ` +
      `as JSON, ${spellCount(changing)} change with each cycle.`,
  );
  return {
    what: "what is remembered of one kind of cycle, as JSON",
    measured: `${spellCount(largest)} bytes`,
    aim: `at most ${spellCount(aimBytes)} bytes`,
    met: largest <= aimBytes,
  };
}
