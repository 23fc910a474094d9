// The detectors that are compared, behind one small face: feed beats, see what would have gone out.

import { defaultCostSettings, emptyCostState, kindsInAlarm, stepCost, type CostSettings } from "@midwatch/core";

/** What an agent says of one beat. A beat that closes nothing belongs to a cycle that goes on. */
export interface Beat {
  readonly tokens: number;
  readonly kind: string | null;
  readonly cycle: number | null;
  readonly closes: boolean;
}

/** What one beat would have caused. */
export interface Seen {
  readonly page: boolean;
  readonly warn: boolean;
  /** An alarm is open after this beat. */
  readonly open: boolean;
  /** An alarm ended because its level became the new normal. */
  readonly accepted: boolean;
}

export type Rule = (beat: Beat) => Seen;

export const ruleNames = ["plain 10×", "plain 3×", "three scales"] as const;
export type RuleName = (typeof ruleNames)[number];

/** A fresh detector. Pass a floor of 0 for series whose mean is scaled below the floor. */
export function ruleNamed(name: RuleName, floorTokens = defaultCostSettings.floorTokens): Rule {
  switch (name) {
    case "plain 10×":
      return plainRule(10);
    case "plain 3×":
      return plainRule(3);
    case "three scales":
      return threeScaleRule({ ...defaultCostSettings, floorTokens });
  }
}

/**
 * "A cycle above `factor` times the mean of the last 50", from the tenth cycle on. It knows no incident: it is open while
 * it holds. It knows no kinds of cycle, and judges a cycle at its end.
 */
function plainRule(factor: number): Rule {
  const last: number[] = [];
  let sum = 0;
  let open = false;
  let unended = 0;
  return ({ tokens, closes }) => {
    unended += tokens;
    if (!closes) return { page: false, warn: false, open, accepted: false };
    const cycle = unended;
    unended = 0;
    const wasOpen = open;
    open = last.length >= 10 && cycle > (factor * sum) / last.length;
    last.push(cycle);
    sum += cycle;
    if (last.length > 50) sum -= last.shift() ?? 0;
    return { page: open && !wasOpen, warn: false, open, accepted: false };
  };
}

/** The rule of `@midwatch/core`. */
function threeScaleRule(settings: CostSettings): Rule {
  let state = emptyCostState;
  return (beat) => {
    const step = stepCost(state, { ...beat, detect: true }, settings);
    state = step.state;
    const verdicts = step.judged.map(({ verdict }) => verdict);
    const opened = (alarm: string) =>
      verdicts.some((one) => one.alarm === alarm && "change" in one && one.change === "opened");
    return {
      page: opened("runaway"),
      warn: opened("drift"),
      open: kindsInAlarm(state, "runaway").length + kindsInAlarm(state, "drift").length > 0,
      accepted: verdicts.some(({ closed }) => closed?.how === "accepted"),
    };
  };
}
