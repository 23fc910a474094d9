import { MINUTE, type Ms } from "../../time.ts";
import type { DaySpan } from "../facts.ts";

export interface DayTime {
  readonly day: DaySpan;
  /** After local midnight, with its fraction. An hour off on the two days a year on which clocks change. */
  readonly minute: number;
}

/** The day that a moment is in, and its time of day; null outside of these days. */
export function dayTimeOf(days: readonly DaySpan[], at: Ms): DayTime | null {
  const day = days.find(({ from, to }) => at >= from && at < to);
  return day === undefined ? null : { day, minute: (at - day.from) / MINUTE };
}
