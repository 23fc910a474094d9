import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../main.ts", import.meta.url));

interface Home {
  readonly folder: string;
  readonly unit: string;
  readonly install: (...args: readonly string[]) => { readonly status: number | null; readonly said: string };
  /** What its `systemctl` and `loginctl` were asked. */
  readonly asked: () => string;
}

/** A home of its own, with a systemctl that only notes what it is asked. */
function home(t: TestContext, { systemctlStatus = 0 } = {}): Home {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-home-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "midwatch.yaml"), 'agents: { bot: { run: "sleep 9" } }\n');
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const calls = join(folder, "calls");
  for (const name of ["systemctl", "loginctl"]) {
    const tool = join(bin, name);
    writeFileSync(tool, `#!/bin/sh\necho "${name} $*" >>'${calls}'\nexit ${systemctlStatus}\n`);
    chmodSync(tool, 0o755);
  }
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, ".config"), PATH: `${bin}:${process.env["PATH"] ?? ""}` };
  return {
    folder,
    unit: join(folder, ".config/systemd/user/midwatch.service"),
    install: (...args) => {
      const line = [...process.execArgv, main, "install", "--systemd", "--user", ...args];
      const { status, stdout, stderr } = spawnSync(process.execPath, line, { cwd: folder, env, encoding: "utf8" });
      return { status, said: `${stdout}${stderr}` };
    },
    asked: () => (existsSync(calls) ? readFileSync(calls, "utf8") : ""),
  };
}

test("install writes the unit, says what to type next, and runs none of it", (t) => {
  const { install, unit, asked, folder } = home(t);
  const { status, said } = install();
  assert.equal(status, 0, said);
  assert.match(said, /midwatch\.service is written\./);
  assert.match(
    said,
    /Next:\n {2}systemctl --user daemon-reload\n {2}systemctl --user enable --now midwatch\n {2}loginctl enable-linger /,
  );
  assert.ok(readFileSync(unit, "utf8").includes(` up --config ${folder}/midwatch.yaml\n`));
  assert.equal(asked(), "");
  assert.match(install().said, /is as it should be already/);
});

test("--print shows the unit on standard output and writes nothing", (t) => {
  const { install, unit } = home(t);
  const { status, said } = install("--print");
  assert.equal(status, 0);
  assert.match(said, /^\[Unit\]$/m);
  assert.ok(!existsSync(unit));
});

test("a unit that somebody edited is left alone, unless --force says otherwise", (t) => {
  const { install, unit } = home(t);
  install();
  const edited = `${readFileSync(unit, "utf8")}# mine\n`;
  writeFileSync(unit, edited);
  const refused = install();
  assert.equal(refused.status, 1);
  assert.match(refused.said, /was written or edited by somebody.*--force replaces it\. Nothing was changed\./);
  assert.equal(readFileSync(unit, "utf8"), edited);
  assert.equal(install("--force").status, 0);
  assert.ok(!readFileSync(unit, "utf8").includes("# mine"));
});

test("an untouched unit follows its configuration, and not another one", (t) => {
  const { install, unit, folder } = home(t);
  install();
  writeFileSync(join(folder, "midwatch.yaml"), 'agents: { bot: { run: "sleep 9", stop_grace: 5m } }\n');
  const changed = install();
  assert.match(changed.said, /is written anew/);
  assert.match(changed.said, /systemctl --user restart midwatch/);
  assert.match(readFileSync(unit, "utf8"), /^TimeoutStopSec=330$/m);
  writeFileSync(join(folder, "other.yaml"), 'agents: { bot: { run: "sleep 9" } }\n');
  const refused = install("--config", "other.yaml");
  assert.equal(refused.status, 1);
  assert.match(refused.said, /was written for another configuration.*--name/);
  assert.equal(install("--config", "other.yaml", "--name", "other").status, 0);
  assert.ok(existsSync(join(folder, ".config/systemd/user/other.service")));
});

test("--start runs what would be typed next, and ends with the first command that fails", (t) => {
  const fine = home(t);
  assert.equal(fine.install("--start").status, 0);
  assert.match(
    fine.asked(),
    /^systemctl --user daemon-reload\nsystemctl --user enable --now midwatch\nloginctl enable-linger \S+\n$/,
  );
  const broken = home(t, { systemctlStatus: 4 });
  const { status, said } = broken.install("--start");
  assert.equal(status, 1);
  assert.match(said, /`systemctl --user daemon-reload` failed with status 4\. The file is written/);
  assert.equal(broken.asked(), "systemctl --user daemon-reload\n");
});

test("a configuration with a mistake is not installed", (t) => {
  const { install, folder, unit } = home(t);
  writeFileSync(join(folder, "midwatch.yaml"), "agents: { bot: { rnu: x } }\n");
  assert.equal(install().status, 78);
  assert.ok(!existsSync(unit));
});
