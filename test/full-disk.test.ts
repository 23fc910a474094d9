import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";

const main = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const flags = ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning"];
const fullDisk = "/dev/full";

test("a supervisor whose words no longer fit on the disk goes on watching, and stops in order", async (t) => {
  if (!existsSync(fullDisk)) return skip(t);
  const folder = temporaryFolder(t);
  writeFileSync(
    join(folder, "midwatch.yaml"),
    "agents:\n  bot: { run: 'trap \"touch stopped; exit 0\" TERM; touch started; while :; do sleep 0.1; done' }\n",
  );
  const full = openSync(fullDisk, "w");
  t.after(() => closeSync(full));
  const nobody = ["--server", "http://127.0.0.1:9", "--key", "mw_x"];
  const supervisor = spawn(process.execPath, [...flags, main, "supervise", ...nobody], {
    cwd: folder,
    stdio: ["ignore", full, full],
  });
  const ended = new Promise<number | null>((resolve) => supervisor.once("exit", resolve));
  t.after(() => supervisor.kill("SIGKILL"));
  // Before and after this it tells a person of it, on standard error.
  await until(
    () => existsSync(join(folder, "started")),
    () => `the agent to be started by a supervisor with status ${supervisor.exitCode}`,
  );
  supervisor.kill("SIGTERM");
  assert.equal(await ended, 0);
  assert.ok(existsSync(join(folder, "stopped")), "the agent was stopped in order");
});

function skip(t: TestContext): void {
  process.stderr.write(`SKIPPED: ${t.name}: there is no ${fullDisk} here\n`);
  t.skip(`there is no ${fullDisk} here`);
}
