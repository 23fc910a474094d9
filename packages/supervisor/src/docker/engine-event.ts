// What Docker tells of containers as it happens, one JSON document a line.

import type { Ms } from "@midwatch/core";
import { numberAt, parseJson, recordAt, textAt, type JsonRecord } from "./engine-json.ts";

export interface EngineEvent {
  /** Of the container; its name is what it was called at that moment. */
  readonly id: string;
  readonly name: string;
  /** `die`, `oom`, `start`, …; `health_status: unhealthy` is cut to `health_status`. */
  readonly action: string;
  /** By the daemon's clock. */
  readonly at: Ms;
  /** Of a `die`; else null. */
  readonly exitCode: number | null;
}

const told = [
  "create",
  "start",
  "die",
  "oom",
  "kill",
  "stop",
  "restart",
  "destroy",
  "pause",
  "unpause",
  "rename",
  "health_status",
];

/** The events of all containers that may matter to an agent. `since` is in whole seconds. */
export function eventsPath(since: number): string {
  return withFilters(since, { type: ["container"], event: told });
}

/** Only how one container ended. */
export function endEventsPath(since: number, container: string): string {
  return withFilters(since, { type: ["container"], container: [container], event: ["die", "oom"] });
}

function withFilters(since: number, filters: Readonly<Record<string, readonly string[]>>): string {
  return `/events?since=${since}&filters=${encodeURIComponent(JSON.stringify(filters))}`;
}

/** Null for what is no event of a container. */
export function parseEvent(line: string): EngineEvent | null {
  const event = recordAt(parseJson(line));
  const actor = recordAt(event, "Actor");
  const id = textAt(actor, "ID");
  const action = textAt(event, "Action");
  if (id === null || action === null) return null;
  const attributes = recordAt(actor, "Attributes");
  const exitCode = Number(textAt(attributes, "exitCode") ?? Number.NaN);
  return {
    id,
    name: textAt(attributes, "name") ?? "",
    action: action.split(":", 1)[0] ?? action,
    at: timeOf(event),
    exitCode: action === "die" && Number.isInteger(exitCode) ? exitCode : null,
  };
}

function timeOf(event: JsonRecord): Ms {
  const timeNano = numberAt(event, "timeNano") ?? 0;
  // A double cannot hold the nanoseconds of today; the milliseconds of it are right.
  if (timeNano > 0) return Math.floor(timeNano / 1e6);
  return (numberAt(event, "time") ?? 0) * 1_000;
}
