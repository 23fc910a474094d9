/// <reference types="node" />
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EventView, IncidentView } from "./api-types.ts";
import { byUrgency, maxHistory, putEvent, putIncident, restartsOf } from "./history.ts";
import { after } from "./testing/sample.ts";

const event = (id: number, kind = "state-changed"): EventView => ({
  id,
  agent: "my-agent",
  at: after(id),
  kind,
  text: "up → late",
});
const incident = (id: number, state: "open" | "resolved" = "open"): IncidentView => ({
  id,
  agent: "my-agent",
  kind: "silent",
  severity: "page",
  state,
  evidence: [],
  opened_at: after(id),
  since: after(id),
  resolved_at: null,
  resolved_by: null,
  duration_s: 0,
  acknowledged: null,
  title: "No beat",
  text: "",
  numbers: {},
});

test("an event heard twice is shown once, newest first", () => {
  const events = [2, 3, 1, 3].reduce<readonly EventView[]>((list, id) => putEvent(list, event(id)), []);
  assert.deepEqual(
    events.map((one) => one.id),
    [3, 2, 1],
  );
});

test("a resolved incident takes the place of the open one", () => {
  const incidents = putIncident([incident(2), incident(1)], incident(1, "resolved"));
  assert.deepEqual(
    incidents.map((one) => [one.id, one.state]),
    [
      [2, "open"],
      [1, "resolved"],
    ],
  );
});

test("histories stay bounded and drop the oldest", () => {
  let events: readonly EventView[] = [];
  for (let id = 1; id <= maxHistory + 5; id += 1) events = putEvent(events, event(id));
  assert.equal(events.length, maxHistory);
  assert.equal(events.at(-1)?.id, 6);
});

test("restarts are told from what the supervisor saw of the process", () => {
  const events = [event(3, "restarted"), event(2), event(1, "exited")];
  assert.deepEqual(
    restartsOf(events).map((one) => one.kind),
    ["restarted", "exited"],
  );
});

test("open incidents are listed by how grave they are, then those that nobody looks at yet", () => {
  const listed = byUrgency([
    { ...incident(4), severity: "info" },
    { ...incident(3), severity: "page", acknowledged: { at: after(9), by: "dashboard" } },
    { ...incident(1), severity: "page" },
    { ...incident(2), severity: "warn" },
  ]);
  assert.deepEqual(
    listed.map((one) => one.id),
    [1, 3, 2, 4],
  );
});
