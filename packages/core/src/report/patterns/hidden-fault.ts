import { DAY, type Ms } from "../../time.ts";
import { spellCount } from "../../spell.ts";
import type { DaySpan, IncidentFact } from "../facts.ts";
import type { Restart } from "../restarts.ts";
import { dayTimeOf } from "./day-time.ts";
import type { Pattern } from "./pattern.ts";
import { causeOf, spellDate, spellMinute } from "./pattern-words.ts";

/*
 * Restarts that work hide what they mend. Each was right not to wake anybody; together they are a fault with a cause. What the
 * other patterns already explain is not told twice.
 */

const fewestRestarts = 5;
const fewestDays = 3;
const withinMs = 14 * DAY;
const maxLines = 5;

export function hiddenFaults(
  days: readonly DaySpan[],
  given: {
    readonly restarts: readonly Restart[];
    readonly incidents: readonly IncidentFact[];
    readonly explained: (at: Ms) => boolean;
  },
): readonly Pattern[] {
  const end = days.at(-1)?.to ?? 0;
  const mended = given.restarts.filter(
    ({ at, by, outcome }) =>
      by === "supervisor" && outcome === "succeeded" && at >= end - withinMs && !given.explained(at),
  );
  const causes = Map.groupBy(mended, causeOf);
  return [...causes].flatMap(([cause, restarts]) => {
    const dates = [...new Set(restarts.map(({ at }) => dayTimeOf(days, at)?.day.date ?? ""))];
    if (restarts.length < fewestRestarts || dates.length < fewestDays) return [];
    const count = spellCount(restarts.length);
    const last = restarts.at(-1);
    const said = given.incidents.findLast(({ openedAt, text }) => last && openedAt <= last.at && text !== "");
    return [
      {
        kind: "hidden-fault" as const,
        title: `restarted ${count} times in two weeks after the same end (${cause}), and nobody was asked`,
        evidence: [
          restarts
            .slice(-maxLines)
            .map(({ at }) => spellMoment(days, at))
            .join(", "),
          ...(said === undefined ? [] : [`last time: ${said.title}. ${said.text}`]),
        ],
        next: "Each restart worked, so nobody was woken; the cause is still there. Read the evidence of the last one and mend it.",
        series: [],
        unit: null,
      },
    ];
  });
}

function spellMoment(days: readonly DaySpan[], at: Ms): string {
  const time = dayTimeOf(days, at);
  return time === null ? "earlier" : `${spellDate(time.day.date)} ${spellMinute(Math.floor(time.minute))}`;
}
