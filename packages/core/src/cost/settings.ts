/** One scale of the rule: the last `cycles` cycles, hot when their mean exceeds `factor` times the baseline. */
export interface CostScale {
  readonly cycles: number;
  readonly factor: number;
  /** A `runaway` or `drift` opened at this scale closes below this multiple of the baseline. */
  readonly closeFactor: number;
}

/** The constants of the three-scale rule; `docs/detection.md` gives the measurements behind each. */
export interface CostSettings {
  readonly scales: readonly [CostScale, CostScale, CostScale];
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
}

export const defaultCostSettings: CostSettings = {
  scales: [
    { cycles: 1, factor: 10, closeFactor: 3 },
    { cycles: 10, factor: 5, closeFactor: 2 },
    { cycles: 50, factor: 3, closeFactor: 1.5 },
  ],
  baselineCycles: 50,
  longWindowCycles: 10_080,
  warmUpCycles: 10,
  floorTokens: 1_000,
  capTokens: 200_000,
};
