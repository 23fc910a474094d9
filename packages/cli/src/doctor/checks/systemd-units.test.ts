import assert from "node:assert/strict";
import { test } from "node:test";
import type { UnitFacts } from "../probes/boot-units.ts";
import { assertSaid } from "../testing/said.ts";
import { judgeUnit } from "./systemd-units.ts";

function unit(service: string, more: Partial<UnitFacts> & { readonly head?: string } = {}): UnitFacts {
  const { head = "", ...facts } = more;
  return {
    name: "midwatch.service",
    scope: "system",
    path: "/etc/systemd/system/midwatch.service",
    text: `[Unit]\nDescription=Midwatch\n${head}\n[Service]\nExecStart=/usr/bin/midwatch up\n${service}\n`,
    shown: null,
    enabled: true,
    linger: false,
    ...facts,
  };
}

const healthy = "Restart=always\nRestartSec=2\nKillMode=process\nTimeoutStopSec=90";
const unlimited = { head: "StartLimitIntervalSec=0" };

const table: readonly { claim: string; facts: UnitFacts; says: readonly RegExp[] }[] = [
  { claim: "no limit and a pause is in order", facts: unit(healthy, unlimited), says: [] },
  {
    claim: "a pause that is long enough never reaches the limit",
    facts: unit(healthy, { head: "StartLimitIntervalSec=10s\nStartLimitBurst=5" }),
    says: [],
  },
  {
    claim: "without RestartSec= five starts are over in half a second",
    facts: unit("Restart=always\nKillMode=process"),
    says: [/bad: systemd gives up on midwatch\.service after 5 quick failures/],
  },
  {
    claim: "a limit that takes an hour of failures is still a limit",
    facts: unit(healthy, { head: "StartLimitIntervalSec=1h\nStartLimitBurst=10" }),
    says: [/bad: systemd gives up on .* after 10/],
  },
  {
    claim: "no limit and no pause spins",
    facts: unit("Restart=on-failure\nKillMode=process", unlimited),
    says: [/bad: midwatch\.service can spin/],
  },
  {
    claim: "a burst of 0 is no limit either",
    facts: unit("Restart=always\nRestartSec=200ms\nKillMode=process", { head: "StartLimitBurst=0" }),
    says: [/bad: midwatch\.service can spin/],
  },
  {
    claim: "a limit in the wrong section does not hold",
    facts: unit(`${healthy.replace("RestartSec=2", "RestartSec=1")}\nStartLimitIntervalSec=0`),
    says: [/bad: midwatch\.service has a start limit that systemd ignores/, /bad: systemd gives up/],
  },
  {
    claim: "the old name of the limit is taken in [Service]",
    facts: unit(`${healthy}\nStartLimitInterval=0`),
    says: [],
  },
  {
    claim: "a unit that is never started again leaves nobody on watch",
    facts: unit("KillMode=process"),
    says: [/bad: midwatch\.service is not started again when it dies/],
  },
  {
    claim: "what systemd does without a word ends the agents too",
    facts: unit("Restart=always\nRestartSec=2", unlimited),
    says: [/bad: agents die together with Midwatch .*KillMode=control-group/],
  },
  {
    claim: "mixed ends them a little later",
    facts: unit(`${healthy}\nKillMode=mixed`, unlimited),
    says: [/worth-knowing: agents die together .*KillMode=mixed/],
  },
  {
    claim: "a stop that is cut short",
    facts: unit(`${healthy}\nTimeoutStopSec=30`, unlimited),
    says: [/bad: systemd kills Midwatch while it still stops agents/],
  },
  {
    claim: "a stop without a bound is long enough",
    facts: unit(`${healthy}\nTimeoutStopSec=infinity`, unlimited),
    says: [],
  },
  {
    claim: "a unit that is not enabled",
    facts: unit(healthy, { ...unlimited, enabled: false }),
    says: [/bad: midwatch\.service is not started at boot/],
  },
  {
    claim: "a user's unit without linger",
    facts: unit(healthy, { ...unlimited, scope: "user" }),
    says: [/bad: midwatch\.service runs only while you are logged in/],
  },
  { claim: "a user's unit with linger", facts: unit(healthy, { ...unlimited, scope: "user", linger: true }), says: [] },
  {
    claim: "what systemd shows counts more than what the file says",
    facts: unit(healthy, {
      shown: {
        Restart: "always",
        RestartUSec: "100ms",
        StartLimitIntervalUSec: "0",
        StartLimitBurst: "5",
        KillMode: "process",
        TimeoutStopUSec: "1min 30s",
      },
    }),
    says: [/can spin/],
  },
  {
    claim: "a unit that was given up, as measured on systemd 252",
    facts: unit(healthy, {
      ...unlimited,
      shown: {
        ActiveState: "failed",
        Result: "exit-code",
        NRestarts: "5",
        StartLimitBurst: "5",
        StartLimitIntervalUSec: "10s",
        RestartUSec: "2s",
        Restart: "always",
        KillMode: "process",
      },
    }),
    says: [/bad: systemd has given up on midwatch\.service/],
  },
];

for (const { claim, facts, says } of table) {
  test(`a unit of systemd: ${claim}`, () => assertSaid(judgeUnit(facts, 60_000), says, claim));
}

test("the change that is proposed for a unit mends what it was proposed for", () => {
  const [remark] = judgeUnit(unit("Restart=always\nKillMode=process"), 0);
  assert.ok(remark?.kind === "finding");
  const lines = remark.fix.split("\n").filter((line) => line.startsWith("  "));
  const repaired = unit("Restart=always\nKillMode=process");
  const text = `${repaired.text}\n${lines.map((line) => line.trim()).join("\n")}`;
  assert.deepEqual(judgeUnit({ ...repaired, text }, 0), []);
});
