// The detectors that are compared, behind one small face: feed cycles, see what would have gone out.

import { defaultCostSettings, emptyHistory, judgeCycle, type CostSettings } from "@midwatch/core";

/** What one cycle would have caused. `closed` leaves an alarm, and may come with nothing else. */
export interface Seen {
  readonly page: boolean;
  readonly warn: boolean;
  readonly spike: boolean;
  /** An alarm is open after this cycle. */
  readonly open: boolean;
  readonly accepted: boolean;
}

export type Rule = (tokens: number) => Seen;

/** "A cycle above `factor` times the mean of the last 50", from the tenth cycle on. It knows no incident: it is open while it holds. */
export function plainRule(factor: number): Rule {
  const last: number[] = [];
  let sum = 0;
  let open = false;
  return (tokens) => {
    const wasOpen = open;
    open = last.length >= 10 && tokens > (factor * sum) / last.length;
    last.push(tokens);
    sum += tokens;
    if (last.length > 50) sum -= last.shift() ?? 0;
    return { page: open && !wasOpen, warn: false, spike: false, open, accepted: false };
  };
}

/** The rule of `@midwatch/core`. Pass `floorTokens: 0` for series that are not tokens. */
export function threeScaleRule(overrides: Partial<CostSettings> = {}): Rule {
  const settings = { ...defaultCostSettings, ...overrides };
  let history = emptyHistory();
  return (tokens) => {
    const judged = judgeCycle(history, tokens, settings);
    history = judged.history;
    const { verdict } = judged;
    const opened = "change" in verdict && verdict.change === "opened";
    return {
      page: opened && verdict.alarm === "runaway",
      warn: opened && verdict.alarm === "drift",
      spike: verdict.alarm === "spike",
      open: history.alarm !== null,
      accepted: verdict.closed?.how === "accepted",
    };
  };
}

export function feedAll(rule: Rule, cycles: readonly number[]): readonly Seen[] {
  return cycles.map((tokens) => rule(tokens));
}

export function count(seen: readonly Seen[], what: keyof Seen): number {
  return seen.filter((one) => one[what]).length;
}
