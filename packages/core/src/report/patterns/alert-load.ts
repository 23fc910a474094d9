import type { IncidentKind } from "../../incident.ts";
import { spellCount, spellDuration } from "../../spell.ts";
import { HOUR } from "../../time.ts";
import type { IncidentFact } from "../facts.ts";
import type { Pattern } from "./pattern.ts";
import { median } from "./statistics.ts";

/*
 * Alerts that nearly always end by themselves before a person could have come teach people not to look. That is a fault of the
 * settings, or of the agent, and not of the people.
 */

const fewestAlerts = 10;
const leastShareByItself = 0.8;
/** What took longer was worth an alert. */
const mostMedianMs = HOUR;

export function alertLoads(incidents: readonly IncidentFact[]): readonly Pattern[] {
  const told = incidents.filter(({ severity }) => severity !== "info");
  return [...Map.groupBy(told, ({ kind }) => kind)].flatMap(([kind, alerts]) => {
    const alone = alerts.filter(({ resolvedBy }) => resolvedBy === "itself");
    const length = median(alone.map(({ openedAt, resolvedAt }) => (resolvedAt ?? openedAt) - openedAt));
    if (alerts.length < fewestAlerts || alone.length < leastShareByItself * alerts.length || length > mostMedianMs)
      return [];
    return [
      {
        kind: "alert-load" as const,
        title: `${spellCount(alerts.length)} alerts "${kind}" in 30 days, nearly all over by themselves`,
        evidence: [
          `${spellCount(alone.length)} of ${spellCount(alerts.length)} ended by themselves, half of them within ${spellDuration(length)}`,
        ],
        next: advice[kind] ?? "Mend what comes back each time, or send this kind to a channel that wakes nobody.",
        series: [],
        unit: null,
      },
    ];
  });
}

const advice: Partial<Readonly<Record<IncidentKind, string>>> = {
  silent:
    "Find what stalls its loop; or, if such pauses are its way of working, give it a longer `interval`, a higher `missed_limit`, or a lease around the long call.",
  failing:
    "Read the messages of its error beats: what fails three times and then works wants a retry with a pause inside the agent.",
  drift:
    "Its cost moves for good reasons. Accept the new baseline when it does, or send `drift` to a channel that wakes nobody.",
  "budget-warning": "It comes near its budget each time. Raise the budget, or find what it spends on.",
  repetition: "Give the agent a bound on repeated calls, so that it stops by itself sooner.",
};
