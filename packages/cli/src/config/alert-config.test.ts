import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "./read-config.ts";

const channels = "channels: { me: { type: console }, phone: { type: console } }\n";

function read(alerts: string) {
  return parseConfig(`${channels}alerts:\n${alerts.replaceAll(/^/gm, "  ")}`, "midwatch.yaml", {});
}

function complaints(alerts: string): string[] {
  const result = read(alerts);
  assert.ok(!result.ok, "it is taken");
  return result.problems.map(({ message }) => message);
}

test("routes, steps and everything else are read", () => {
  const result = read(`
to: [me]
remind: 1h
gather: 5s
routes:
  - { agents: ["trader-*"], tags: [prod], kinds: [runaway], severities: [page], to: [me], steps: [{ after: 15m, to: [phone] }], remind: 0s }
quiet_hours: { from: "22:00", to: "07:00", days: [mon, sun] }
maintenance:
  - { from: "02:00", to: "04:00", days: [sat], agents: [a], reason: backups }
  - { from: "2026-12-01T02:00", to: "2026-12-01T04:00" }
dependencies: [{ agents: ["trader-*", b], on: [gateway] }]
flapping: { opens: 6 }`);
  assert.ok(result.ok, JSON.stringify(result));
  assert.deepEqual(result.config.alerts, {
    remindMs: 3_600_000,
    gatherMs: 5_000,
    routes: [
      {
        match: { agents: ["trader-*"], tags: ["prod"], kinds: ["runaway"], severities: ["page"] },
        steps: [
          { afterMs: 0, to: ["me"] },
          { afterMs: 900_000, to: ["phone"] },
        ],
        remindMs: null,
      },
    ],
    quietHours: { from: "22:00", to: "07:00", days: [1, 7] },
    maintenance: [
      { match: { agents: ["a"] }, reason: "backups", when: { from: "02:00", to: "04:00", days: [6] }, repeats: true },
      {
        match: {},
        reason: "maintenance",
        when: { from: "2026-12-01T02:00", to: "2026-12-01T04:00" },
        repeats: false,
      },
    ],
    behind: { "trader-*": ["gateway"], b: ["gateway"] },
    flapping: { opens: 6, withinMs: 3_600_000 },
  });
});

const wrong: readonly (readonly [string, RegExp])[] = [
  ["routes: [{ kinds: [silent] }]", /alerts\.routes\[0\] has neither "to" nor "steps"/],
  ["routes: [{ to: [nobody] }]", /names the channel "nobody", which channels: does not have \(me, phone\)/],
  ["routes: [{ to: [me], kinds: [quiet] }]", /alerts\.routes\[0\]\.kinds has "quiet"; there are silent, /],
  ["routes: [{ to: [me], severities: [loud] }]", /severities has "loud"; there are page, warn/],
  ["routes: [{ steps: [{ after: 5m }] }]", /alerts\.routes\[0\]\.steps\[0\] has no "to"/],
  ['quiet_hours: { from: "22:00" }', /needs both "from" and "to"/],
  ['quiet_hours: { from: "22:00", to: "7am" }', /must be a time of day/],
  ['quiet_hours: { from: "22:00", to: "07:00", days: [someday] }', /days must be some of mon, tue/],
  ['maintenance: [{ from: "02:00", to: "2026-12-01T04:00" }]', /must both be times of day/],
  ['maintenance: [{ from: "2026-11-31T02:00", to: "2026-12-01T04:00" }]', /moments that exist/],
  ['maintenance: [{ from: "2026-12-02T02:00", to: "2026-12-01T04:00" }]', /before it begins/],
  ["dependencies: [{ agents: [a] }]", /alerts\.dependencies\[0\] has no "on"/],
  ["flapping: { opens: 1 }", /from 2 to 100/],
  ["rotues: []", /alerts has no setting "rotues"/],
];

for (const [given, says] of wrong) {
  test(`${given} is refused in words`, () => assert.match(complaints(given).join("\n"), says));
}

test("a channel that is named twice is told once", () => {
  const result = read("to: [me, phone, me]");
  assert.ok(result.ok);
  assert.deepEqual(result.config.alertsTo, ["me", "phone"]);
});
