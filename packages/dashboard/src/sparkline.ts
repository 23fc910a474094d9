// The little line of tokens per cycle in a row of the fleet: geometry only.

import type { AgentView } from "./api-types.ts";

export interface Sparkline {
  /** SVG path of the cycles, oldest first. */
  readonly path: string;
  /** The same, closed along the bottom. */
  readonly area: string;
  /** Height of the baseline from the top; null during warm-up. */
  readonly baselineY: number | null;
  /** Where the last cycle stands; null without cycles. */
  readonly end: { readonly x: number; readonly y: number } | null;
}

/** Cycles that used tokens; idle turns and beats about the agent's life are not what "usual" is measured on. */
export function countedTokens(agent: AgentView): readonly number[] {
  return (agent.recent ?? []).map((beat) => beat.tokens).filter((tokens) => tokens > 0);
}

/** The baseline lies at two fifths of the height at least, so that a calm agent draws a calm line. */
export function sparkline(
  tokens: readonly number[],
  baseline: number | null,
  size: { readonly width: number; readonly height: number },
): Sparkline {
  const pad = 2;
  const top = Math.max(...tokens, 2.5 * (baseline ?? 0), 1);
  const yOf = (value: number): number =>
    round(size.height - pad - (Math.min(value, top) / top) * (size.height - 2 * pad));
  const step = tokens.length > 1 ? (size.width - 2 * pad) / (tokens.length - 1) : 0;
  const points = tokens.map((value, index) => ({
    x: round(tokens.length > 1 ? pad + index * step : size.width - pad),
    y: yOf(value),
  }));
  const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${x} ${y}`).join("");
  const [first] = points;
  return {
    path,
    area: first ? `${path}V${size.height}H${first.x}Z` : "",
    baselineY: baseline === null ? null : yOf(baseline),
    end: points.at(-1) ?? null,
  };
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
