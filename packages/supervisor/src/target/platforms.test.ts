// One policy over what platforms run, from the supervisor down to a real Docker daemon and a real systemd.

import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import type { SupervisedAgent, TargetSpec } from "../supervised-agent.ts";
import { daemonOrSkip, openDockerDaemon, type DockerDaemon, type Opened } from "../testing/docker-daemon.ts";
import { startSystemdMachine, whyNoMachine, type SystemdMachine } from "../testing/nspawn-systemd.ts";
import { agentIn, folderFor, supervise } from "../testing/supervisor-in-test.ts";
import { until } from "../testing/until.ts";

let docker: Opened;
let machine: SystemdMachine | null = null;
let why = whyNoMachine();
let wrappers = "";
const systemctl = "/usr/bin/systemctl";
const { DOCKER_HOST: hostBefore, PATH: pathBefore } = process.env;

before(async () => {
  docker = await openDockerDaemon();
  if (docker.ok) process.env["DOCKER_HOST"] = docker.daemon.env.DOCKER_HOST;
  wrappers = await mkdtemp(join(tmpdir(), "midwatch-wrappers-"));
  try {
    machine = why === null ? await startSystemdMachine() : null;
  } catch (error) {
    why = String(error);
  }
  if (!machine) return;
  // The driver says `systemctl`, as a user would; here that is the machine's own. The machine sees this folder, too, so
  // the programs behind are named in full.
  const enter = machine.systemctl.slice(0, -1).join(" ");
  for (const name of ["systemctl", "journalctl"]) {
    const file = join(wrappers, name);
    await writeFile(file, `#!/bin/sh\nexec ${enter} /usr/bin/${name} "$@"\n`);
    await chmod(file, 0o755);
  }
  process.env["PATH"] = `${wrappers}:${pathBefore ?? ""}`;
});

after(async () => {
  if (hostBefore === undefined) delete process.env["DOCKER_HOST"];
  else process.env["DOCKER_HOST"] = hostBefore;
  process.env["PATH"] = pathBefore;
  if (docker.ok) await docker.daemon.close();
  await machine?.stop();
  await rm(wrappers, { recursive: true, force: true });
});

function machineOrSkip(t: TestContext): SystemdMachine | null {
  if (machine) return machine;
  console.error(`SKIPPED: ${t.name}: no real systemd can be had here: ${why}`);
  t.skip(why ?? undefined);
  return null;
}

function kept(folder: string, target: TargetSpec, more: Partial<SupervisedAgent> = {}): SupervisedAgent {
  return { ...agentIn(folder, { liveness: "process", ...more }), target };
}

interface Inspected {
  readonly State: { readonly Running: boolean; readonly Pid: number; readonly StartedAt: string };
}

async function inspect(daemon: DockerDaemon, name: string): Promise<Inspected["State"]> {
  const { body } = await daemon.call("GET", `/containers/${name}/json`);
  return (body as Inspected).State;
}

const patient = "trap 'exit 0' TERM; while :; do sleep 0.1; done";

test("a container is started, restarted when it is killed, stopped on request, and started again", async (t) => {
  const daemon = daemonOrSkip(t, docker);
  if (!daemon) return;
  const folder = await folderFor(t);
  await daemon.create({ name: "one", script: patient });
  t.after(() => daemon.remove("one"));
  const agents = [kept(folder, { platform: "docker", container: "one" })];
  const { running, log, notices } = await supervise(folder, { agents });
  const first = await inspect(daemon, "one");
  assert.ok(first.Running, log.join("\n"));

  process.kill(first.Pid, "SIGKILL");
  await until("it runs anew", async () => {
    const now = await inspect(daemon, "one");
    return now.Running && now.StartedAt !== first.StartedAt;
  });
  await until("that is told", () => notices.some(({ kind, title }) => kind === "crashed" && title.includes("SIGKILL")));

  assert.equal((await running.command("bot", "stop", "ops")).ok, true);
  assert.equal((await running.ended)[0]?.how, "stopped", log.join("\n"));
  assert.equal((await inspect(daemon, "one")).Running, false);
  assert.deepEqual(await running.command("bot", "start", "ops"), { ok: true, message: "bot was started" });
  assert.ok((await inspect(daemon, "one")).Running);

  // Ending the supervision is no reason to stop what Docker runs.
  await running.stop({ agents: "stop" });
  const left = await inspect(daemon, "one");
  assert.ok(left.Running);
  const next = await supervise(folder, { agents });
  assert.equal((await inspect(daemon, "one")).StartedAt, left.StartedAt);
  assert.ok(
    next.log.some((line) => line.startsWith("bot: taken over as container one")),
    next.log.join("\n"),
  );
});

test("a restart policy of Docker's own is named, and does not undo what was decided here", async (t) => {
  const daemon = daemonOrSkip(t, docker);
  if (!daemon) return;
  const folder = await folderFor(t);
  await daemon.create({ name: "fighter", script: "sleep 0.5; exit 3", restart: { Name: "always" } });
  t.after(() => daemon.remove("fighter"));
  const target = { platform: "docker", container: "fighter" } as const;
  const agents = [kept(folder, target, { maxRestarts: 1, cooldownMs: 0 })];
  const { running, log, notices } = await supervise(folder, { agents });
  const [end] = await running.ended;
  assert.equal(end?.how, "exhausted", log.join("\n"));
  assert.match(log.join("\n"), /docker update --restart=no/);
  await until("a human is asked", () => notices.some(({ kind }) => kind === "needs-human"));
  await until("it stays down", async () => !(await inspect(daemon, "fighter")).Running);
  const { StartedAt } = await inspect(daemon, "fighter");
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const later = await inspect(daemon, "fighter");
  assert.deepEqual([later.Running, later.StartedAt], [false, StartedAt], log.join("\n"));
});

test("a container that memory ran out of is told from one that somebody killed", async (t) => {
  const daemon = daemonOrSkip(t, docker);
  if (!daemon) return;
  const folder = await folderFor(t);
  await daemon.create({ name: "hungry", script: "tail /dev/zero", memoryMb: 24 });
  t.after(() => daemon.remove("hungry"));
  const target = { platform: "docker", container: "hungry" } as const;
  const { running, notices, log } = await supervise(folder, { agents: [kept(folder, target, { maxRestarts: 0 })] });
  await running.ended;
  await until("it is told", () => notices.some(({ kind, what }) => kind === "oom" && what === "opened"));
  assert.match(log.join("\n"), /killed because memory ran out/);
});

test("what hangs in a container is found out by its missing beats, and ended with evidence", async (t) => {
  const daemon = daemonOrSkip(t, docker);
  if (!daemon) return;
  const folder = await folderFor(t);
  await daemon.create({ name: "silent", script: "while :; do sleep 0.1; done" });
  t.after(() => daemon.remove("silent"));
  const target = { platform: "docker", container: "silent" } as const;
  const more = { liveness: "beats", startupMs: 2_500, intervalMs: 1_000, maxRestarts: 0, stopGraceMs: 500 } as const;
  const { running, notices, log } = await supervise(folder, { agents: [kept(folder, target, more)] });
  const [end] = await running.ended;
  assert.equal(end?.how, "exhausted", log.join("\n"));
  await until("it is told", () => notices.some(({ kind }) => kind === "hung"));
  assert.equal((await inspect(daemon, "silent")).Running, false);
});

test("a missing container is refused in words, and a missing daemon is waited for", async (t) => {
  const daemon = daemonOrSkip(t, docker);
  if (!daemon) return;
  const folder = await folderFor(t);
  const agents = [kept(folder, { platform: "docker", container: "nobody" })];
  const { running } = await supervise(folder, { agents });
  const [end] = await running.ended;
  assert.equal(end?.how, "refused");
  assert.match(end.reason ?? "", /nobody/);

  const other = await folderFor(t);
  process.env["DOCKER_HOST"] = `unix://${join(other, "no.sock")}`;
  t.after(() => (process.env["DOCKER_HOST"] = daemon.env.DOCKER_HOST));
  const waiting = await supervise(other, { agents: [kept(other, { platform: "docker", container: "one" })] });
  await until("it is said", () => waiting.log.some((line) => line.includes("is tried again")));
});

test("a unit is started, restarted when it crashes, kept down when it is given up, and started again by a person", async (t) => {
  const systemd = machineOrSkip(t);
  if (!systemd) return;
  const folder = await folderFor(t);
  // Crashes for as long as the mark is there; systemd's own restart would go on for ever.
  const mark = "/run/crash-now";
  const script = `[ -e ${mark} ] && exit 3; exec sleep 1000`;
  await systemd.writeUnit(
    "/etc/systemd/system/kept.service",
    `[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestart=always\nRestartSec=200ms\nExecStart=/bin/sh -c "${script}"\n`,
  );
  t.after(() => systemd.run(systemctl, "stop", "kept"));
  const target = { platform: "systemd", unit: "kept", scope: "system" } as const;
  const agents = [kept(folder, target, { maxRestarts: 1, cooldownMs: 0 })];
  const { running, log, notices } = await supervise(folder, { agents });
  const isActive = (): boolean => systemd.run(systemctl, "is-active", "kept").trim() === "active";
  assert.ok(isActive(), log.join("\n"));
  assert.match(log.join("\n"), /Restart=no/, "the fight is named");

  systemd.run("touch", mark);
  systemd.run(systemctl, "kill", "--signal=KILL", "kept");
  assert.equal((await running.ended)[0]?.how, "exhausted", log.join("\n"));
  await until("a human is asked", () => notices.some(({ kind }) => kind === "needs-human"));
  await until("it is held down", () => !isActive());
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  assert.ok(!isActive(), log.join("\n"));

  systemd.run("rm", mark);
  assert.equal((await running.command("bot", "restart", "ops")).ok, true);
  await until("it runs", isActive);
  await running.stop({ agents: "stop" });
  assert.ok(isActive(), "what systemd runs is not stopped together with its supervisor");
});

test("what somebody starts past the supervisor is the supervisor's from then on", async (t) => {
  const systemd = machineOrSkip(t);
  if (!systemd) return;
  const folder = await folderFor(t);
  await systemd.writeUnit("/etc/systemd/system/plain.service", "[Service]\nExecStart=/bin/sleep 1000\n");
  t.after(() => systemd.run(systemctl, "stop", "plain"));
  const agents = [kept(folder, { platform: "systemd", unit: "plain", scope: "system" })];
  const { running, log } = await supervise(folder, { agents });
  await running.command("bot", "stop", "ops");
  await running.ended;
  await until("it is down", () => systemd.run(systemctl, "is-active", "plain").trim() !== "active");
  // It is being held down for a moment longer: whoever starts it within that is overruled.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  systemd.run(systemctl, "start", "plain");
  await until("it is taken over", () => log.some((line) => line.includes("runs already")));
});
