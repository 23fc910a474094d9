import { HOUR, type Ms } from "../../time.ts";
import type { DaySpan } from "../facts.ts";
import type { Restart } from "../restarts.ts";
import { dayTimeOf, type DayTime } from "./day-time.ts";
import type { Pattern } from "./pattern.ts";
import { causeOf, spellDate, spellMinute } from "./pattern-words.ts";
import { chanceOfCluster, median } from "./statistics.ts";

/*
 * Restarts at the same time of day point at something outside the agent: a cron job, a backup, a rotation of logs. Of each burst
 * only the first restart counts, since the others follow from it. A scan over the clock finds the half hour that holds
 * restarts of most days, and asks how likely that is by chance. A scan and not one mean direction, so that a few
 * crashes at other hours hide nothing.
 */

const fewestDays = 5;
const windowMinutes = 30;
const dayMinutes = 1_440;
/** Far below the usual 0.01: it is asked for every agent every day, and 200 agents with a bad week must not raise it. */
const mostChance = 1e-5;
/** A restart this soon after another is the same trouble. */
const burstMs = HOUR;
/** Schedules begin at round minutes; what they disturb follows a little later. */
const roundToMinutes = 5;
const maxDates = 8;

interface Moment extends DayTime {
  readonly restart: Restart;
}

export interface SameTime {
  readonly pattern: Pattern;
  /** The restarts it was seen in, and what followed them. */
  readonly explains: (at: Ms) => boolean;
}

export function sameTimeRestarts(days: readonly DaySpan[], restarts: readonly Restart[]): SameTime | null {
  const moments = firstOfBursts(days, restarts);
  const best = moments.map((start) => daysWithin(start.minute, moments)).toSorted((a, b) => b.length - a.length)[0];
  if (best === undefined || best.length < fewestDays) return null;
  if (chanceOfCluster({ inside: best.length, all: moments.length }, windowMinutes / dayMinutes) > mostChance)
    return null;
  const start = best[0]?.minute ?? 0;
  const middle = start + median(best.map(({ minute }) => after(start, minute)));
  const time = spellMinute(Math.round(middle / roundToMinutes) * roundToMinutes);
  const inOrder = best.toSorted((a, b) => a.restart.at - b.restart.at);
  const shown = inOrder.slice(-maxDates).map(({ day, minute }) => `${spellDate(day.date)} ${spellMinute(minute)}`);
  const causes = [...new Set(inOrder.map(({ restart }) => causeOf(restart)))];
  return {
    pattern: {
      kind: "same-time-restarts",
      title: `restarts at about ${time} on ${best.length} days`,
      evidence: [
        `${best.length > shown.length ? "last on " : ""}${shown.join(", ")}`,
        `${causes.slice(0, 3).join("; ")}${causes.length > 3 ? " and others" : ""}`,
      ],
      next: `Check for a cron conflict at ${time}: a backup, a rotation of logs, a deployment or an update on the host at that time.`,
      series: [],
      unit: null,
    },
    explains: (at) => best.some(({ restart }) => at >= restart.at && at - restart.at < burstMs),
  };
}

function firstOfBursts(days: readonly DaySpan[], restarts: readonly Restart[]): readonly Moment[] {
  const moments: Moment[] = [];
  let last = -Infinity;
  for (const restart of restarts.toSorted((a, b) => a.at - b.at)) {
    const isFirst = restart.at - last >= burstMs;
    last = restart.at;
    // What a person asked for happens when people are there.
    if (!isFirst || restart.by === "person") continue;
    const time = dayTimeOf(days, restart.at);
    // Where a change of the clocks puts it an hour off, one day of thirty decides nothing.
    if (time !== null) moments.push({ restart, ...time });
  }
  return moments;
}

/** One for each day, of those in the window that begins at this minute; over midnight, too. The first is the earliest in it. */
function daysWithin(start: number, moments: readonly Moment[]): readonly Moment[] {
  const inside = moments
    .filter(({ minute }) => after(start, minute) < windowMinutes)
    .toSorted((a, b) => after(start, a.minute) - after(start, b.minute));
  return [...Map.groupBy(inside, ({ day }) => day.date).values()].flatMap(([first]) => first ?? []);
}

function after(start: number, minute: number): number {
  return (minute - start + dayMinutes) % dayMinutes;
}
