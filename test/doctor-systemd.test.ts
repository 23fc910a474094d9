import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startSystemdMachine, whyNoMachine } from "../packages/supervisor/src/testing/nspawn-systemd.ts";
import { until } from "./support/until.ts";

const main = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const command = [process.execPath, "--conditions=midwatch-source", "--disable-warning=ExperimentalWarning", main];
const unitFile = "/etc/systemd/system/midwatch.service";

/** Fails at once at every start, as after a mistake in the configuration. */
const careless = `[Unit]
Description=Midwatch
[Service]
ExecStart=/usr/bin/env midwatch-that-is-not-installed/midwatch up
Restart=always
StartLimitIntervalSec=0
[Install]
WantedBy=multi-user.target
`;

const careful = `[Unit]
Description=Midwatch
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/bin/env midwatch up
Restart=always
RestartSec=2
KillMode=process
[Install]
WantedBy=multi-user.target
`;

test("what a real systemd has made of a careless unit is told, and a careful one passes", async (t) => {
  const why = whyNoMachine();
  if (why !== null) {
    console.error(`SKIPPED: ${t.name}: ${why}`);
    t.skip(why);
    return;
  }
  const machine = await startSystemdMachine();
  t.after(() => machine.stop());
  if (!existsSync(join(machine.root, main))) {
    const hidden = "this repository lies on another disk than the root folder, so the machine can't see it";
    console.error(`SKIPPED: ${t.name}: ${hidden}`);
    t.skip(hidden);
    return;
  }
  const titles = (): readonly string[] => {
    const output = machine.run(...command, "doctor", "--data", "/root/midwatch", "--json");
    const list = output.slice(output.search(/^\[/m), output.lastIndexOf("\n]") + 2);
    const findings = JSON.parse(list) as readonly { check: string; title: string }[];
    return findings.filter(({ check }) => check === "systemd").map(({ title }) => title);
  };

  await machine.writeUnit(unitFile, careless);
  machine.run("systemctl", "start", "midwatch");
  await until(
    () => machine.run("systemctl", "show", "midwatch", "-p", "ActiveState").includes("failed"),
    () => `systemd to give up:\n${machine.run("systemctl", "status", "midwatch")}`,
  );
  assert.deepEqual(titles(), [
    "systemd has given up on midwatch.service",
    "midwatch.service has a start limit that systemd ignores",
    "systemd gives up on midwatch.service after 5 quick failures, and tells nobody",
    "agents die together with Midwatch (midwatch.service: KillMode=control-group)",
    "midwatch.service is not started at boot",
  ]);

  await machine.writeUnit(unitFile, careful);
  machine.run("systemctl", "reset-failed", "midwatch");
  machine.run("systemctl", "enable", "midwatch");
  assert.deepEqual(titles(), []);
});
