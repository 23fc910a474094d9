/** One scale of the rule: the last `cycles` cycles, hot when their mean exceeds `factor` times the baseline. */
export interface CostScale {
  readonly cycles: number;
  /** Accepted cycles left out between those judged and those they are compared with, once the history has grown. */
  readonly gapCycles: number;
  readonly factor: number;
  /** A `runaway` or `drift` opened at this scale closes at or below this multiple of the baseline. */
  readonly closeFactor: number;
}

/** Which of the three scales; the first two open `runaway`, the last opens `drift`. */
export type ScaleIndex = 0 | 1 | 2;

/** One number per scale. */
export type PerScale<T> = readonly [T, T, T];

/**
 * How far the last cycles must exceed the dearest the agent has done before. A young history knows little, so it asks
 * for more.
 */
export interface NoveltySettings {
  /** While fewer than `youngBelow` cycles are accepted. */
  readonly young: number;
  readonly youngBelow: number;
  /** While fewer than `growingBelow` cycles are accepted. */
  readonly growing: number;
  readonly growingBelow: number;
  readonly grown: number;
}

/** The constants of the three-scale rule; `docs/detection.md` gives the measurements behind each. */
export interface CostSettings {
  readonly scales: PerScale<CostScale>;
  /** Accepted cycles that make the baseline. */
  readonly baselineCycles: number;
  /** Accepted cycles that make the long window, whose largest sums say what the agent has done before. */
  readonly longWindowCycles: number;
  /** Before this many accepted cycles only the absolute cap speaks. */
  readonly warmUpCycles: number;
  /** Cycles at or below this many tokens are never news. */
  readonly floorTokens: number;
  /** Tokens in one cycle that page while there is no baseline yet. */
  readonly capTokens: number;
  readonly novelty: NoveltySettings;
  /** Calm cycles in a row that close a `runaway` or `drift`. */
  readonly calmCycles: number;
  /** With at most this many dear cycles, a `runaway` of one cycle was a lone dear cycle and is remembered as such. */
  readonly loneCycles: number;
  /** Cycles inside a `drift` after which it counts as the new normal. */
  readonly acceptCycles: number;
}

export const defaultCostSettings: CostSettings = {
  scales: [
    { cycles: 1, gapCycles: 0, factor: 10, closeFactor: 3 },
    { cycles: 10, gapCycles: 0, factor: 5, closeFactor: 2 },
    { cycles: 50, gapCycles: 100, factor: 3, closeFactor: 1.5 },
  ],
  baselineCycles: 50,
  longWindowCycles: 10_080,
  warmUpCycles: 10,
  floorTokens: 1_000,
  capTokens: 200_000,
  novelty: { young: 5, youngBelow: 100, growing: 3, growingBelow: 300, grown: 1.75 },
  calmCycles: 3,
  loneCycles: 2,
  acceptCycles: 50,
};
