import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startSystemdMachine, whyNoMachine } from "../packages/supervisor/src/testing/nspawn-systemd.ts";
import { until } from "./support/until.ts";

const main = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const command = [process.execPath, "--conditions=midwatch-source", "--disable-warning=ExperimentalWarning", main];

/** Hard to write into a unit: a specifier, a variable, spaces and quotes. */
const folder = `/srv/50% o$HOME "bots"`;

/** An agent that tells what it finds in its environment, and lives. */
const config = `server: { listen: "127.0.0.1:0" }
agents:
  bot:
    run: sh -c 'echo "$TOKEN" >token; exec sleep 54321'
    liveness: process
`;

test("what install writes starts Midwatch under a real systemd, and its agents outlive its death", async (t) => {
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
  mkdirSync(join(machine.root, folder));
  writeFileSync(join(machine.root, folder, "midwatch.yaml"), config);
  writeFileSync(join(machine.root, folder, "midwatch.env"), "TOKEN=of the night\n", { mode: 0o600 });
  const pidOf = (pattern: string): string => machine.run("pgrep", "-f", pattern).trim();
  const shown = (property: string): string =>
    machine.run("systemctl", "show", "midwatch", "-p", property, "--value").trim();
  const log = (): string => machine.run("journalctl", "--no-pager", "-u", "midwatch");
  const untilRuns = (what: string, isSo: () => boolean): Promise<unknown> =>
    until(
      () => isSo(),
      () => `${what}:\n${machine.run("systemctl", "status", "--no-pager", "midwatch")}${log()}`,
    );

  const said = machine.run(...command, "install", "--config", `${folder}/midwatch.yaml`, "--start");
  assert.match(said, /\/etc\/systemd\/system\/midwatch\.service is written/);
  assert.match(said, /> systemctl enable --now midwatch/);
  await untilRuns("the agent to run", () => /^\d+$/.test(pidOf("^sleep 54321")) && pidOf("main.ts server") !== "");
  assert.equal(shown("UnitFileState"), "enabled");
  assert.equal(machine.run("cat", `${folder}/token`), "of the night\n");
  const [agent, server, first] = [pidOf("^sleep 54321"), pidOf("main.ts server"), shown("MainPID")];

  machine.run("kill", "-KILL", first);
  await untilRuns(
    "Midwatch to be back",
    () => !["0", first].includes(shown("MainPID")) && shown("ActiveState") === "active",
  );
  await untilRuns("its agent to be taken over", () => /\bbot\b.*taken over/.test(log()));
  assert.equal(pidOf("^sleep 54321"), agent, "no second copy, and the first one lives");
  assert.equal(pidOf("main.ts server"), server);

  machine.run("systemctl", "stop", "midwatch");
  assert.equal(shown("Result"), "success", log());
  assert.equal(pidOf("^sleep 54321"), "");
  assert.equal(pidOf("main.ts server"), "");
});
