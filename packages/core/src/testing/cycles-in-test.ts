// One kind of cycle, fed by hand: for tests of the cost detector.

import { explainVerdict } from "../cost/explain.ts";
import { emptyHistory, type KindHistory } from "../cost/history.ts";
import { judgeCycle } from "../cost/judge.ts";
import { defaultCostSettings, type CostSettings } from "../cost/settings.ts";
import type { Verdict } from "../cost/verdict.ts";

export interface CyclesInTest {
  history: KindHistory;
  /** Judges the cycles in turn; one word each. */
  feed(...tokens: readonly number[]): string[];
  verdicts: Verdict[];
  title(): string;
}

export function cyclesInTest(settings: CostSettings = defaultCostSettings): CyclesInTest {
  const verdicts: Verdict[] = [];
  const self: CyclesInTest = {
    history: emptyHistory(),
    verdicts,
    feed: (...tokens) =>
      tokens.map((one) => {
        const { history, verdict } = judgeCycle(self.history, one, settings);
        self.history = history;
        verdicts.push(verdict);
        return wordFor(verdict);
      }),
    title: () => {
      const last = verdicts.at(-1);
      return last ? explainVerdict(last).title : "";
    },
  };
  return self;
}

/** "runaway opened", "drift continues", "drift accepted", "spike", "usual", … */
export function wordFor(verdict: Verdict): string {
  if (verdict.closed && verdict.alarm === "none") return `${verdict.closed.kind} ${verdict.closed.how}`;
  if (verdict.alarm === "none") return verdict.reason;
  return verdict.alarm === "spike" ? "spike" : `${verdict.alarm} ${verdict.change}`;
}

export function times(count: number, tokens: number): number[] {
  return Array.from({ length: count }, () => tokens);
}

/** Different words with how often each came, in order of appearance. */
export function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
