import type { Ms } from "../../time.ts";

export type PatternKind =
  "creep" | "slower-cycles" | "same-time-restarts" | "memory-until-death" | "hidden-fault" | "alert-load";

/** Something slow that no single alert shows. In words for people, and with what it was seen in. */
export interface Pattern {
  readonly kind: PatternKind;
  /** One clause: "tokens per cycle creep up, 24 % a week". */
  readonly title: string;
  /** What it was seen in, a line each, most telling first. */
  readonly evidence: readonly string[];
  /** What to do next, as a sentence. */
  readonly next: string;
  /** For a chart; empty where a chart would show nothing. */
  readonly series: readonly SeriesPoint[];
  /** What the values of `series` are. */
  readonly unit: "tokens" | "ms" | "bytes" | null;
}

export interface SeriesPoint {
  readonly at: Ms;
  readonly value: number;
}
