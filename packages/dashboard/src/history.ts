// What the agent page keeps of incidents and events: bounded lists, newest first, each thing once.

import type { EventView, IncidentView } from "./api-types.ts";

export const maxHistory = 200;

export function putEvent(events: readonly EventView[], event: EventView): readonly EventView[] {
  if (events.some((one) => one.id === event.id)) return events;
  return [event, ...events].toSorted((a, b) => b.id - a.id).slice(0, maxHistory);
}

/** A changed incident takes the place of what was known of it. */
export function putIncident(incidents: readonly IncidentView[], incident: IncidentView): readonly IncidentView[] {
  const others = incidents.filter((one) => one.id !== incident.id);
  return [incident, ...others].toSorted((a, b) => b.id - a.id).slice(0, maxHistory);
}

const severities = ["page", "warn", "info"] as const;

/** The gravest first, of these the ones nobody looks at yet, of these the newest. */
export function byUrgency(incidents: readonly IncidentView[]): readonly IncidentView[] {
  return incidents.toSorted(
    (a, b) =>
      severities.indexOf(a.severity) - severities.indexOf(b.severity) ||
      Number(a.acknowledged !== null) - Number(b.acknowledged !== null) ||
      b.id - a.id,
  );
}

const aboutTheProcess = new Set(["started", "start-refused", "exited", "hung", "state-invalid", "restarted"]);

/** The life of the process: what the supervisor saw and did. */
export function restartsOf(events: readonly EventView[]): readonly EventView[] {
  return events.filter((event) => aboutTheProcess.has(event.kind));
}
