import assert from "node:assert/strict";
import test from "node:test";
import { agent, change, day, entry, incident, midnight } from "../testing/report-facts.ts";
import { DAY } from "../time.ts";
import { makeReport } from "./make-report.ts";

// As much history as is read of one agent. While its report is made, no beat is taken: in time that grows with the square of this, for
// many seconds.
test("fifty thousand lines of one crash after another are told exactly, half up and half down", () => {
  const crashes = 10_000;
  const step = DAY / crashes;
  const times = Array.from({ length: crashes }, (_, n) => midnight + n * step);
  const history = times.flatMap((at, n) => [
    entry(at, "exited", { run_id: `run-${n}`, stopped_for: null }),
    change(at, "down"),
    entry(at + step / 4, "restarted", { attempt: 1, by: "supervisor", reason: "exit status 1" }),
    entry(at + step / 4, "run-started", { run_id: `run-${n + 1}`, before: `run-${n}` }),
    change(at + step / 2, "up"),
  ]);
  const incidents = times.map((at, n) => incident({ id: n, kind: "crashed", since: at, openedAt: at }));
  const [report] = makeReport(day([agent({ history, incidents })])).agents;
  assert.equal(report?.alive.outages.length, crashes);
  assert.equal(report.alive.availability, 0.5);
  assert.deepEqual(
    [report.alive.outages[7]?.from, report.alive.outages[7]?.to, report.alive.outages[7]?.kinds],
    [midnight + 7 * step, midnight + 7.5 * step, ["crashed"]],
  );
  assert.equal(report.restarts.length, crashes);
  assert.equal(report.restarts.filter(({ outcome }) => outcome === "failed").length, crashes - 1);
});
