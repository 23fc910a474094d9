import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { apiOf } from "./support/api.ts";
import { freePort } from "./support/free-port.ts";
import { midwatch, temporaryFolder } from "./support/midwatch-command.ts";
import { until } from "./support/until.ts";
import { webhookReceiver } from "./support/webhook-receiver.ts";

interface Finding {
  readonly check: string;
  readonly severity: "bad" | "worth-knowing";
  readonly title: string;
  readonly why: string;
  readonly fix: string;
}

const main = fileURLToPath(new URL("../packages/cli/src/main.ts", import.meta.url));
const beater = fileURLToPath(new URL("agents/beater.ts", import.meta.url));
/** What these say depends on the machine that the test runs on. */
const ofTheMachine: ReadonlySet<string> = new Set(["boot", "clock", "data folder", "launchd", "machine", "systemd"]);

test("a set-up that works passes, and the test message arrives", async (t) => {
  const folder = temporaryFolder(t);
  const hook = await webhookReceiver(t);
  const config = join(folder, "midwatch.yaml");
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:${await freePort()}" }
agents:
  bot: { run: '"${process.execPath}" "${beater}" "${join(folder, "lives")}"', interval: 2s, startup: 20s }
channels: { hook: { type: webhook, url: "${hook.url}", allow_private: true } }
alerts: { to: [hook] }
`,
  );
  const up = midwatch(t, ["up", "--config", config]);
  await up.said(/on watch/);
  const api = apiOf(join(folder, ".midwatch"));
  await until(
    async () => (await api.agent("bot"))?.state === "up",
    () => `the agent to be up:\n${up.output()}`,
  );

  const doctor = midwatch(t, ["doctor", "--config", config, "--send-test", "--json"]);
  const { code } = await doctor.ended;
  const findings = findingsIn(doctor.output());
  assert.deepEqual(
    findings.filter(({ check }) => !ofTheMachine.has(check)),
    [],
  );
  assert.equal(code, findings.some(({ severity }) => severity === "bad") ? 1 : 0);
  assert.deepEqual(
    hook.messages.filter(({ type }) => type === "test").map(({ severity }) => severity),
    ["info"],
  );

  const plain = midwatch(t, ["doctor", "--config", config]);
  await plain.ended;
  assert.match(plain.output(), /checked: server \(up for \d+ (?:s|min)[^)]*\) · agents · platforms ·/);
});

test("a set-up with five mistakes is told all of them, each with why and the exact change", async (t) => {
  const { config, data } = await brokenSetUp(t);
  const doctor = midwatch(t, ["doctor", "--config", config]);
  const { code } = await doctor.ended;
  assert.equal(code, 1);
  const said = doctor.output();
  for (const claim of [
    /^bad: the server is not running$/m,
    /^bad: bot can't be started$/m,
    /^bad: no alert leaves this machine$/m,
    /^bad: others can read the admin key$/m,
    /^worth knowing: the last words of snake are lost when it is killed$/m,
  ]) {
    assert.match(said, claim);
  }
  assert.ok(said.includes(`    chmod 600 ${join(data, "admin.key")}`), said);
  assert.match(said, /The command "no-such-command" was not found in PATH/);
  assert.match(said, /^midwatch: \d+ findings are bad, so this ends with status 1$/m);
  assert.doesNotMatch(said, /\u001b/, "no colours where they are not wanted");
});

test("a data folder on a full disk in memory is told for both", async (t) => {
  if (!mayMount()) {
    const why = "mounting a small disk needs root and `unshare`";
    console.error(`SKIPPED: ${t.name}: ${why}`);
    t.skip(why);
    return;
  }
  const { config, data, folder } = await brokenSetUp(t);
  const disk = join(folder, "disk");
  mkdirSync(disk);
  // The mount is seen by these commands only, and is gone with the last of them.
  const script = `mount -t tmpfs -o size=4m tmpfs "$1" && cp -a "$2/." "$1" && (head -c 8m /dev/zero > "$1/filler" || true) && shift 2 && exec "$@"`;
  const command = [process.execPath, "--conditions=midwatch-source", "--disable-warning=ExperimentalWarning", main];
  const { stdout, status } = spawnSync(
    "unshare",
    [
      "--mount",
      "sh",
      "-c",
      script,
      "sh",
      disk,
      data,
      ...command,
      "doctor",
      "--config",
      config,
      "--data",
      disk,
      "--json",
    ],
    { encoding: "utf8", timeout: 120_000 },
  );
  assert.equal(status, 1);
  const titles = findingsIn(stdout)
    .filter(({ check, severity }) => check === "data folder" && severity === "bad")
    .map(({ title }) => title);
  assert.match(titles[0] ?? "", /^the disk of the data folder is full: 0 bytes of 4 MB left$/);
  assert.equal(titles[1], "the data folder is lost at every reboot");
});

/** A folder in which a server has run and runs no more, and a file that nothing good can be said about. */
async function brokenSetUp(t: TestContext): Promise<{ config: string; data: string; folder: string }> {
  const folder = temporaryFolder(t);
  const data = join(folder, "data");
  const config = join(folder, "midwatch.yaml");
  writeFileSync(
    config,
    `server: { listen: "127.0.0.1:${await freePort()}", data: data }
agents:
  bot: { run: no-such-command --loop }
  snake: { run: python3 agent.py, env: { PYTHONUNBUFFERED: "" } }
`,
  );
  const server = midwatch(t, ["server", "--config", config]);
  await server.said(/on watch/);
  server.child.kill("SIGTERM");
  await server.ended;
  chmodSync(join(data, "admin.key"), 0o644);
  return { config, data, folder };
}

/** The list is on standard output; what could not be looked at stands before it, on the other stream. */
function findingsIn(output: string): readonly Finding[] {
  return JSON.parse(output.slice(output.search(/^\[/m))) as readonly Finding[];
}

function mayMount(): boolean {
  return process.getuid?.() === 0 && spawnSync("unshare", ["--mount", "true"]).status === 0;
}
