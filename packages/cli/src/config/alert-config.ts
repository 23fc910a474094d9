// The `alerts:` section from its checked values: routes, quiet hours, maintenance, dependencies.

import { INCIDENT_KINDS, type AlertStep, type Severity } from "@midwatch/core";
import { localMoment, type AlertMatch, type AlertSettings, type Weekday } from "@midwatch/server/alerts";
import { weekdays } from "./fields.ts";
import type { Values } from "./yaml-file.ts";

/** What is wrong, as a whole sentence. */
type Complain = (message: string) => void;

interface Around {
  readonly channels: readonly string[];
  readonly complain: Complain;
}

const severities: readonly string[] = ["page", "warn"] satisfies Severity[];

export function alertsOf(values: Values, around: Around): Partial<AlertSettings> {
  const { complain } = around;
  const remind = values["remind"] as number | undefined;
  const gather = values["gather"] as number | undefined;
  const flapping = values["flapping"] as Values | undefined;
  const quiet = values["quiet_hours"] as Values | undefined;
  return {
    ...(remind === undefined ? {} : { remindMs: remindOf(remind) }),
    ...(gather === undefined ? {} : { gatherMs: gather }),
    routes: rowsOf(values, "routes").map((row, index) => routeOf(row, `alerts.routes[${index}]`, around)),
    ...(quiet === undefined ? {} : { quietHours: quietOf(quiet, complain) }),
    maintenance: rowsOf(values, "maintenance").flatMap((row, index) => {
      return maintenanceOf(row, `alerts.maintenance[${index}]`, complain) ?? [];
    }),
    behind: behindOf(rowsOf(values, "dependencies")),
    ...(flapping === undefined ? {} : { flapping: flappingOf(flapping) }),
  };
}

function routeOf(row: Values, where: string, { channels, complain }: Around): AlertSettings["routes"][number] {
  const to = textsOf(row, "to");
  const given = rowsOf(row, "steps").map((step): AlertStep => {
    return { afterMs: (step["after"] as number | undefined) ?? 0, to: textsOf(step, "to") ?? [] };
  });
  const steps = [...(to === undefined ? [] : [{ afterMs: 0, to }]), ...given].toSorted((a, b) => a.afterMs - b.afterMs);
  if (steps.length === 0) complain(`${where} has neither "to" nor "steps": say which channels are told`);
  for (const name of steps.flatMap((step) => step.to)) {
    if (!channels.includes(name))
      complain(
        `${where} names the channel "${name}", which channels: does not have (${channels.join(", ") || "none yet"})`,
      );
  }
  const remind = row["remind"] as number | undefined;
  return {
    match: matchOf(row, where, complain),
    steps,
    ...(remind === undefined ? {} : { remindMs: remindOf(remind) }),
  };
}

function matchOf(row: Values, where: string, complain: Complain): AlertMatch {
  const kinds = textsOf(row, "kinds");
  const given = textsOf(row, "severities");
  for (const kind of kinds ?? []) {
    if (!INCIDENT_KINDS.some((known) => known === kind))
      complain(`${where}.kinds has "${kind}"; there are ${INCIDENT_KINDS.join(", ")}`);
  }
  for (const severity of given ?? []) {
    if (!severities.includes(severity))
      complain(`${where}.severities has "${severity}"; there are ${severities.join(", ")}`);
  }
  const agents = textsOf(row, "agents");
  const tags = textsOf(row, "tags");
  return {
    ...(agents === undefined ? {} : { agents }),
    ...(tags === undefined ? {} : { tags }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(given === undefined ? {} : { severities: given as Severity[] }),
  };
}

function quietOf(values: Values, complain: Complain): AlertSettings["quietHours"] {
  const from = values["from"] as string | undefined;
  const to = values["to"] as string | undefined;
  if (from === undefined || to === undefined) {
    complain('alerts.quiet_hours needs both "from" and "to", like { from: "22:00", to: "07:00" }');
    return null;
  }
  return { from, to, ...daysOf(values, "alerts.quiet_hours", complain) };
}

const timeOfDay = /^([01]\d|2[0-3]):[0-5]\d$/;
const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;

function maintenanceOf(row: Values, where: string, complain: Complain): AlertSettings["maintenance"][number] | null {
  const from = (row["from"] as string | undefined) ?? "";
  const to = (row["to"] as string | undefined) ?? "";
  const repeats = timeOfDay.test(from) && timeOfDay.test(to);
  if (!repeats && !(isMoment(from) && isMoment(to))) {
    complain(
      `${where}: "from" and "to" must both be times of day, like "02:00", or both moments that exist, like "2026-12-01T02:00", not "${from}" and "${to}"`,
    );
    return null;
  }
  if (!repeats && to <= from) {
    complain(`${where} ends at ${to}, before it begins at ${from}`);
    return null;
  }
  const when = { from, to, ...daysOf(row, where, complain) };
  return {
    match: matchOf(row, where, complain),
    reason: (row["reason"] as string | undefined) ?? "maintenance",
    when,
    repeats,
  };
}

function isMoment(text: string): boolean {
  if (!moment.test(text)) return false;
  try {
    localMoment(text, "UTC");
    return true;
  } catch {
    // It throws for a date that does not exist, such as the 31st of November.
    return false;
  }
}

function daysOf(values: Values, where: string, complain: Complain): { readonly days?: readonly Weekday[] } {
  const days = textsOf(values, "days");
  if (days === undefined) return {};
  const numbers = days.map((day) => weekdays.findIndex((known) => known === day) + 1);
  if (numbers.includes(0) || numbers.length === 0) {
    complain(`${where}.days must be some of ${weekdays.join(", ")}, not ${JSON.stringify(days)}`);
    return {};
  }
  return { days: numbers as Weekday[] };
}

function behindOf(rows: readonly Values[]): AlertSettings["behind"] {
  const behind: Record<string, string[]> = {};
  for (const row of rows) {
    for (const glob of textsOf(row, "agents") ?? []) {
      behind[glob] = [...new Set([...(behind[glob] ?? []), ...(textsOf(row, "on") ?? [])])];
    }
  }
  return behind;
}

function flappingOf(values: Values): AlertSettings["flapping"] {
  return {
    opens: (values["opens"] as number | undefined) ?? 4,
    withinMs: (values["within"] as number | undefined) ?? 3_600_000,
  };
}

function remindOf(ms: number): number | null {
  return ms === 0 ? null : ms;
}

function rowsOf(values: Values, name: string): readonly Values[] {
  return (values[name] as readonly Values[] | undefined) ?? [];
}

function textsOf(values: Values, name: string): readonly string[] | undefined {
  return values[name] as readonly string[] | undefined;
}
