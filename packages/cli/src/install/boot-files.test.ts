import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { parse } from "yaml";
import { parseConfig } from "../config/read-config.ts";
import { judgeUnit } from "../doctor/checks/systemd-units.ts";
import { isMidwatchCommand } from "../doctor/probes/boot-units.ts";
import { notesOf, planBoot, type BootPlan, type PlanOptions, type Runtime } from "./boot-plan.ts";
import { composeService } from "./compose-service.ts";
import { launchdJob } from "./launchd-job.ts";
import { systemdUnit } from "./systemd-unit.ts";

const agents = `
agents:
  first: { run: "python first.py", stop_grace: 20s }
  second: { run: "python second.py", stop_grace: 40s, after: [first] }
`;

interface Given {
  readonly options?: Partial<PlanOptions>;
  readonly text?: string;
  /** Of the folder that holds everything; hard to write down in most formats. */
  readonly folderName?: string;
}

/** A configuration and a script in a folder of their own, and what has to run at boot for them. */
function planned(
  t: TestContext,
  { options, text = agents, folderName = '50% o$HOME & "bots" <1>' }: Given = {},
): BootPlan {
  const root = mkdtempSync(join(tmpdir(), "midwatch-install-"));
  t.after(() => rmSync(root, { recursive: true }));
  const folder = join(root, folderName);
  mkdirSync(folder);
  const file = join(folder, "midwatch.yaml");
  writeFileSync(file, text);
  const script = join(folder, "main.js");
  writeFileSync(script, "");
  const read = parseConfig(text, file, { HOOK: "x" });
  assert.ok(read.ok);
  const user = { name: "watch", uid: 1000, gid: 1000, home: "/home/watch" };
  const runtime: Runtime = {
    execPath: process.execPath,
    execArgv: ["--conditions=x"],
    script,
    path: ".:/usr/bin:/bin",
  };
  return planBoot(read.config, { name: "midwatch", supervise: false, isSystem: true, user, ...options }, runtime);
}

function skip(t: TestContext, why: string): void {
  console.error(`SKIPPED: ${t.name}: ${why}`);
  t.skip(why);
}

const has = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;

test("the plan names everything absolutely, and grants the stop of all agents in their order", (t) => {
  const plan = planned(t, { folderName: "bots", options: { data: "data" } });
  assert.equal(plan.args[0], "up");
  assert.deepEqual(plan.args.slice(1), [
    "--config",
    join(plan.folder, "midwatch.yaml"),
    "--data",
    join(process.cwd(), "data"),
  ]);
  assert.ok(
    [plan.folder, plan.script, plan.node[0] ?? "", ...plan.path.split(":")].every((path) => path.startsWith("/")),
  );
  assert.ok(plan.node.includes("--conditions=x"));
  assert.equal(plan.stopS, 20 + 40 + 30);
  const supervise = planned(t, { options: { supervise: true, server: "https://example.org" } });
  assert.equal(supervise.args[0], "supervise");
  assert.deepEqual(supervise.args.slice(-2), ["--server", "https://example.org"]);
  assert.match(notesOf(supervise).join("\n"), /ingest\.key/);
});

test("variables that the file uses and that nothing sets at boot are named", (t) => {
  const text = `${agents}channels:\n  hook: { type: webhook, url: "\${HOOK}" }\nalerts: { to: [hook] }\n`;
  const plan = planned(t, { text });
  assert.match(notesOf(plan).join("\n"), /uses HOOK\. At boot there is no shell.*midwatch\.env/);
  writeFileSync(plan.environmentFile, "HOOK=https://example.org\n");
  assert.ok(!notesOf(plan).join("\n").includes("HOOK"));
});

test("systemd itself finds nothing wrong with the unit, whatever the paths are called", (t) => {
  if (!has("systemd-analyze", "--version")) return skip(t, "there is no systemd-analyze on this machine");
  for (const isSystem of [true, false]) {
    const plan = planned(t, { options: { isSystem } });
    const { text } = systemdUnit({ ...plan, user: { ...plan.user, name: "root", uid: 1 } });
    const unit = join(plan.folder, "..", "midwatch.service");
    writeFileSync(unit, text);
    const scope = isSystem ? [] : ["--user"];
    const env = { ...process.env, XDG_RUNTIME_DIR: tmpdir() };
    const { status, stderr } = spawnSync("systemd-analyze", [...scope, "verify", "--man=no", unit], {
      encoding: "utf8",
      env,
    });
    // It also looks at units of this machine, which are not ours to judge.
    const about = stderr.split("\n").filter((line) => line.includes("midwatch.service"));
    assert.deepEqual(about, [], `${stderr}\n${text}`);
    if (stderr === "") assert.equal(status, 0);
  }
});

test("doctor has nothing to say about the unit that install writes", (t) => {
  for (const isSystem of [true, false]) {
    const { text, path } = systemdUnit(planned(t, { folderName: "cli", options: { isSystem } }));
    const scope = isSystem ? "system" : "user";
    const unit = {
      name: "midwatch.service",
      scope,
      path,
      role: "midwatch",
      text,
      shown: null,
      enabled: true,
      linger: true,
    } as const;
    assert.deepEqual(judgeUnit(unit, 60_000), []);
  }
});

test("a unit of the machine runs as its user and waits for the network; one of a user does neither, and needs linger", (t) => {
  const system = systemdUnit(planned(t));
  assert.equal(system.path, "/etc/systemd/system/midwatch.service");
  assert.match(system.text, /^User=watch$/m);
  assert.match(system.text, /^Wants=network-online\.target$/m);
  assert.match(system.text, /^WantedBy=multi-user\.target$/m);
  const own = systemdUnit(planned(t, { options: { isSystem: false, name: "night" } }));
  assert.match(own.path, /systemd\/user\/night\.service$/);
  assert.doesNotMatch(own.text, /^User=|network-online/m);
  assert.match(own.text, /^WantedBy=default\.target$/m);
  const lines = own.start.map(({ words }) => words.join(" "));
  assert.deepEqual(lines, [
    "systemctl --user daemon-reload",
    "systemctl --user enable --now night",
    "loginctl enable-linger watch",
  ]);
});

test("the start limit is off in [Unit], where it counts, and agents outlive Midwatch", (t) => {
  const { text } = systemdUnit(planned(t));
  const unit = text.slice(text.indexOf("\n[Unit]"), text.indexOf("\n[Service]"));
  assert.match(unit, /^StartLimitIntervalSec=0$/m);
  const service = text.slice(text.indexOf("\n[Service]"));
  for (const line of [
    "Restart=always",
    "RestartSec=2",
    "KillMode=process",
    "OOMPolicy=continue",
    "TimeoutStopSec=90",
  ]) {
    assert.ok(service.includes(`\n${line}\n`), line);
  }
});

test("Python reads the plist as it is meant, whatever the paths are called", (t) => {
  if (!has("python3", "-c", "import plistlib")) return skip(t, "there is no python3 on this machine");
  const plan = planned(t, { options: { isSystem: false } });
  const script = "import json, plistlib, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))";
  const read = (text: string): Record<string, unknown> =>
    JSON.parse(execFileSync("python3", ["-c", script], { input: text, encoding: "utf8" })) as Record<string, unknown>;
  const job = launchdJob(plan);
  assert.equal(job.path, "/home/watch/Library/LaunchAgents/dev.midwatch.plist");
  const { Label, ProgramArguments, KeepAlive, RunAtLoad, AbandonProcessGroup, ExitTimeOut, EnvironmentVariables } =
    read(job.text);
  const { WorkingDirectory, UserName, StandardOutPath } = read(job.text);
  assert.deepEqual(
    { Label, KeepAlive, RunAtLoad, AbandonProcessGroup, ExitTimeOut, WorkingDirectory, UserName, StandardOutPath },
    {
      ...{ Label: "dev.midwatch", KeepAlive: true, RunAtLoad: true, AbandonProcessGroup: true, ExitTimeOut: 90 },
      ...{
        WorkingDirectory: plan.folder,
        UserName: undefined,
        StandardOutPath: "/home/watch/Library/Logs/midwatch.log",
      },
    },
  );
  assert.deepEqual(EnvironmentVariables, { PATH: plan.path });
  assert.deepEqual(ProgramArguments, [
    ...plan.node,
    `--env-file-if-exists=${plan.environmentFile}`,
    plan.script,
    ...plan.args,
  ]);
  const daemon = launchdJob(planned(t));
  assert.equal(daemon.path, "/Library/LaunchDaemons/dev.midwatch.plist");
  assert.equal(read(daemon.text)["UserName"], "watch");
  assert.deepEqual(daemon.start.at(-1)?.words, ["launchctl", "bootstrap", "system", daemon.path]);
});

const versions = { node: "24", midwatch: "0.1.0" };

interface ComposeService {
  readonly command: readonly string[];
  readonly init: boolean;
  readonly restart: string;
  readonly stop_grace_period: string;
  readonly volumes: readonly string[];
  readonly ports?: readonly string[];
  readonly user: string;
}

function serviceIn(text: string): ComposeService {
  const { services } = parse(text) as { services: Record<string, ComposeService> };
  const service = services["midwatch"];
  assert.ok(service);
  return service;
}

test("the compose file is YAML, with the configuration's folder inside, and time to stop", (t) => {
  const plan = planned(t);
  const service = serviceIn(composeService(plan, versions).text);
  assert.deepEqual(service.command, ["midwatch", "up", "--config", "/srv/midwatch/midwatch.yaml"]);
  assert.deepEqual([service.init, service.restart, service.stop_grace_period], [true, "unless-stopped", "90s"]);
  assert.deepEqual(service.volumes, ["./:/srv/midwatch"]);
  assert.equal(service.user, "1000:1000");
  assert.equal(service.ports, undefined);
  assert.match(composeService(plan, versions).notes.join("\n"), /container's own loopback.*listen: 0\.0\.0\.0/);
});

test("data elsewhere, containers to keep and an open port come along; units of the host can't", (t) => {
  const text = `server: { listen: "0.0.0.0:4100", data: /var/lib/mid$watch }
agents:
  a: { docker: bot }
  b: { systemd: bot.service }
`;
  const { text: written, notes } = composeService(planned(t, { text }), versions);
  const service = serviceIn(written);
  assert.deepEqual(service.ports, ["127.0.0.1:4100:4100"]);
  assert.deepEqual(service.volumes.slice(1), [
    "/var/lib/mid$$watch:/var/lib/mid$$watch",
    "/var/run/docker.sock:/var/run/docker.sock",
  ]);
  assert.match(notes.join("\n"), /From a container b can't be kept/);
});

/** As a command line begins; null when there is none that knows what we write (2.24, January 2024). */
function findCompose(): readonly string[] | null {
  const recent = [["docker", "compose"], ["docker-compose"]].find(([program = "", ...args]) => {
    const { stdout } = spawnSync(program, [...args, "version", "--short"], { encoding: "utf8" });
    const [, major = "0", minor = "0"] = /^v?(\d+)\.(\d+)/.exec(stdout || "") ?? [];
    return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 24);
  });
  return recent ?? null;
}

test("Docker Compose itself takes the compose file", (t) => {
  const compose = findCompose();
  if (compose === null) return skip(t, "there is no Docker Compose 2.24 or newer on this machine");
  const { folder, ...plan } = planned(t, { folderName: "bots" });
  const file = join(folder, "compose.yaml");
  writeFileSync(file, composeService({ folder, ...plan }, versions).text);
  const [program = "", ...args] = compose;
  const { status, stderr } = spawnSync(program, [...args, "-f", file, "config", "--quiet"], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("doctor knows each of these files for what it is", (t) => {
  const plan = planned(t, { folderName: "cli" });
  const line = [...plan.node, plan.script.replace("/cli/", "/cli/dist/"), ...plan.args].join(" ");
  assert.ok(isMidwatchCommand(line), line);
});
