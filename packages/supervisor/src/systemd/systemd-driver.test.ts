// Against a real systemd: the first process of a machine beside this one, see `testing/nspawn-systemd.ts`.

import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import type { Life, Observation, PlatformDriver } from "../target/platform-driver.ts";
import { startSystemdMachine, whyNoMachine, type SystemdMachine } from "../testing/nspawn-systemd.ts";
import { until } from "../testing/until.ts";
import { openSystemdDriver, type SystemdDriverOptions } from "./systemd-driver.ts";

type Known = Extract<Observation, { known: true }>;

let machine: SystemdMachine | null = null;
const why = whyNoMachine();

before(async () => {
  if (why === null) machine = await startSystemdMachine();
});

after(() => machine?.stop());

function machineFor(t: TestContext): SystemdMachine | null {
  if (machine !== null) return machine;
  console.error(`SKIPPED: ${t.name}: no real systemd can be had here: ${why}`);
  t.skip(why ?? undefined);
  return null;
}

interface Unit {
  readonly driver: PlatformDriver;
  readonly log: readonly string[];
  /** Starts it as a new run. */
  readonly start: (environment?: Readonly<Record<string, string>>) => Promise<void>;
  readonly life: () => Promise<Life | null>;
  /** Waits until what is observed is so. */
  readonly seen: (what: string, is: (now: Known) => boolean) => Promise<Known>;
}

/** A unit of the machine with these lines in its section `[Service]`. Stopped after the test. */
async function unit(
  t: TestContext,
  { run, writeUnit, systemctl }: SystemdMachine,
  name: string,
  lines: readonly string[],
  more: Partial<SystemdDriverOptions> = {},
): Promise<Unit> {
  await writeUnit(`/etc/systemd/system/${name}.service`, `[Service]\n${lines.join("\n")}\n`);
  t.after(() => run("systemctl", "kill", "--signal=KILL", name));
  t.after(() => run("systemctl", "stop", "--no-block", name));
  return openUnit(t, { unit: name, scope: "system", systemctl, ...more });
}

function openUnit(t: TestContext, about: Partial<SystemdDriverOptions> & { readonly unit: string }): Unit {
  const log: string[] = [];
  const options = { scope: "system", environmentFolder: null, log: (line: string) => void log.push(line) } as const;
  const driver = openSystemdDriver({ ...options, ...about });
  t.after(() => driver.close());
  const observe = async (): Promise<Known> => {
    const now = await driver.observe();
    assert.ok(now.known, "reason" in now ? now.reason : "");
    return now;
  };
  const start = async (environment: Readonly<Record<string, string>> = {}): Promise<void> => {
    assert.equal(await driver.start({ runId: "r1", environment }), null);
  };
  const seen: Unit["seen"] = async (what, is) => {
    let now = await observe();
    await until(`${about.unit} was ${what}; it is ${JSON.stringify(now)}`, async () => is((now = await observe())));
    return now;
  };
  return { driver, log, start, life: async () => (await observe()).running, seen };
}

const running = ({ running: life }: Known): boolean => life !== null;
const ended = ({ running: life, lastEnd }: Known): boolean => life === null && lastEnd !== null;
const loop = "while :; do sleep 0.1; done";

test("a unit is started, and its exit status is told with the time of its end", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen, life } = await unit(t, on, "status", ["ExecStart=/bin/sh -c 'sleep 0.3; exit 7'"]);
  assert.equal(await life(), null);
  const startedAt = Date.now();
  await start();
  const { running: first } = await seen("running", running);
  assert.match(first?.token ?? "", /^[0-9a-f]{32}$/);
  assert.equal(first?.pid, null, "a pid of another machine is nobody here");
  const { lastEnd, remark, restarting } = await seen("ended", ended);
  assert.deepEqual({ ...lastEnd, at: 0 }, { at: 0, code: 7, signal: null, oom: null });
  assert.ok(lastEnd?.at != null && lastEnd.at >= startedAt && lastEnd.at <= Date.now());
  assert.equal(remark, null);
  assert.equal(restarting, false);
  await start();
  const again = await seen("running", running);
  assert.notEqual(again.running?.token, first.token);
});

test("starting a unit that runs is no error, and it is the same life", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen, life } = await unit(t, on, "twice", ["ExecStart=/bin/sleep 100"]);
  await start();
  const { running: first } = await seen("running", running);
  await start();
  assert.deepEqual(await life(), first);
});

test("a unit that is asked to stop may end in order, which is told although systemd forgets it", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { driver, start, seen } = await unit(t, on, "orderly", [
    `ExecStart=/bin/sh -c 'trap "echo tidied up; exit 0" TERM; echo ready; ${loop}'`,
  ]);
  await start();
  await until("it was ready", async () => (await driver.lastLines(10)).includes("ready"));
  await driver.requestStop();
  const { lastEnd } = await seen("ended", ended);
  assert.deepEqual({ ...lastEnd, at: 0 }, { at: 0, code: 0, signal: null, oom: null });
  assert.ok((await driver.lastLines(10)).includes("tidied up"));
});

test("a unit that ends well at once has had a life, with an end of its own each time", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen } = await unit(t, on, "brief", ["ExecStart=/bin/true"]);
  await start();
  const { lastEnd: first } = await seen("ended", ended);
  assert.equal(first?.code, 0);
  await start();
  const { lastEnd: second } = await seen("ended again", (now) => ended(now) && now.lastEnd?.at !== first.at);
  assert.equal(second?.code, 0);
});

test("a kill by anybody is told as a signal, and not as out of memory", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen } = await unit(t, on, "killed", ["ExecStart=/bin/sleep 100"]);
  await start();
  await seen("running", running);
  on.run("systemctl", "kill", "--signal=KILL", "killed");
  const { lastEnd } = await seen("ended", ended);
  assert.deepEqual({ ...lastEnd, at: 0 }, { at: 0, code: null, signal: "SIGKILL", oom: null });
});

test("killing ends what ignores TERM and has left its session, and Restart=always does not bring it back", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { driver, start, seen } = await unit(t, on, "stubborn", [
    `ExecStart=/bin/sh -c 'trap "" TERM; setsid sleep 4711 & ${loop}'`,
    "Restart=always",
    "RestartSec=100ms",
  ]);
  await start();
  const { running: first } = await seen("running", running);
  await driver.requestStop();
  assert.deepEqual((await seen("still running", running)).running, first);
  await driver.kill();
  const { lastEnd } = await seen("ended", ended);
  assert.equal(lastEnd?.signal, "SIGKILL");
  await until("nothing of it was left", () => !on.run("ps", "ax").includes("sleep 4711"));
  on.run("sleep", "0.5");
  assert.equal((await driver.observe()).known && (await seen("down", ended)).restarting, false);
  await driver.kill();
});

test("systemd's own restart is another life, and the end of the one before is still told", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen } = await unit(t, on, "fighting", [
    "ExecStart=/bin/sh -c 'sleep 0.5; exit 3'",
    "Restart=always",
    "RestartSec=0",
    "StartLimitIntervalSec=0",
  ]);
  await start();
  const { running: first } = await seen("running", running);
  const next = await seen("another life", (now) => now.running !== null && now.running.token !== first?.token);
  assert.equal(next.lastEnd?.code, 3);
});

test("holding ends systemd's wait for its own restart, until it is started again without that wait", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { driver, start, seen } = await unit(t, on, "held", [
    "ExecStart=/bin/sh -c 'sleep 0.2; exit 3'",
    "Restart=always",
    "RestartSec=600",
  ]);
  await start();
  const waiting = await seen("waiting for its restart", ({ restarting }) => restarting);
  assert.equal(waiting.running, null);
  assert.equal(waiting.lastEnd?.code, 3);
  await start();
  await seen("running without the wait", running);
  await seen("waiting again", ({ restarting }) => restarting);
  await driver.hold();
  const { remark } = await seen("down", ({ restarting, running: life }) => !restarting && life === null);
  assert.equal(remark, null);
  await driver.hold();
});

test("a unit that systemd has given up on says so, and the next start clears that", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen, driver } = await unit(t, on, "spinning", ["ExecStart=/bin/false", "Restart=always"]);
  await start();
  const { remark, lastEnd } = await seen("given up on", (now) => now.remark !== null);
  assert.equal(lastEnd?.code, 1);
  assert.equal(
    remark,
    "systemd has given up on spinning.service after 5 restarts of its own (at most 5 starts in 10 s); Midwatch's next start clears that, by hand it is `systemctl reset-failed spinning.service`",
  );
  await on.writeUnit("/etc/systemd/system/spinning.service", "[Service]\nExecStart=/bin/sleep 100\n");
  await start();
  assert.equal((await seen("running", running)).remark, null);
  await driver.kill();
});

test("systemd's watchdog is told as what ended it", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen } = await unit(t, on, "watched", [
    "Type=notify",
    "NotifyAccess=all",
    "ExecStart=/bin/sh -c 'systemd-notify --ready; sleep 100'",
    "WatchdogSec=1",
    "LimitCORE=0",
  ]);
  await start();
  const { lastEnd, remark } = await seen("ended", ended);
  assert.equal(lastEnd?.signal, "SIGABRT");
  assert.equal(remark, "systemd's watchdog ended watched.service: no sign from it for 1 s (WatchdogSec=)");
});

test("what keeps a program from starting is told in words", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const cases = [
    ["missing", ["ExecStart=/no/such/program"], 203, /the program of ExecStart= cannot be executed/],
    [
      "homeless",
      ["ExecStart=/bin/true", "WorkingDirectory=/no/such/folder"],
      200,
      /WorkingDirectory= cannot be entered/,
    ],
    ["nobody", ["ExecStart=/bin/true", "User=no-such-user"], 217, /User= does not exist/],
    ["unprepared", ["ExecStartPre=/bin/false", "ExecStart=/bin/true"], null, /\(ExecStartPre=\) failed/],
    ["unfed", ["ExecStart=/bin/true", "EnvironmentFile=/no/such/file"], null, /EnvironmentFile=/],
    ["mute", ["Type=notify", "ExecStart=/bin/true"], 0, /Type=notify/],
  ] as const;
  for (const [name, lines, code, words] of cases) {
    const { start, seen } = await unit(t, on, name, lines);
    await start();
    const { lastEnd, remark } = await seen("ended", ended);
    assert.equal(lastEnd?.code, code, name);
    assert.match(remark ?? "", words);
  }
});

test("a failure before the program is not taken for the end of its last life", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { start, seen } = await unit(t, on, "later", ["ExecStart=/bin/sh -c 'exit 5'"]);
  await start();
  const { lastEnd: first } = await seen("ended", ended);
  assert.equal(first?.code, 5);
  await on.writeUnit("/etc/systemd/system/later.service", "[Service]\nExecStartPre=/bin/false\nExecStart=/bin/true\n");
  await start();
  const { lastEnd } = await seen("ended again", (now) => ended(now) && now.lastEnd?.at !== first.at);
  assert.deepEqual({ ...lastEnd, at: 0 }, { at: 0, code: null, signal: null, oom: null });
});

test("a unit that is missing, masked or badly written is refused with what to do", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  await on.writeUnit("/etc/systemd/system/odd.service", "[Service]\nExecStart=/bin/true\nExecStart=/bin/true\n");
  on.run("systemctl", "mask", "hidden.service");
  const cases = [
    ["absent", /systemd knows no unit absent\.service; .*daemon-reload/],
    ["hidden", /masked, .*systemctl unmask hidden\.service/],
    ["odd", /cannot use the file of the unit odd\.service .*systemd-analyze verify odd\.service/],
  ] as const;
  for (const [name, words] of cases) {
    const { driver } = openUnit(t, { unit: name, systemctl: on.systemctl });
    const observation = await driver.observe();
    assert.ok(!observation.known, name);
    assert.match(observation.reason, words);
    assert.match((await driver.start({ runId: "r1", environment: {} }))?.reason ?? "", words);
    assert.match((await driver.conflicts()).join("\n"), words);
    await driver.requestStop();
    await driver.kill();
    await driver.hold();
    assert.ok(!(await driver.observe()).known);
  }
});

test("a unit that reads its environment file is told everything about its run, whatever is in it", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const folder = "/var/lib/midwatch test";
  const { driver, start, seen } = await unit(
    t,
    on,
    "told",
    [
      `EnvironmentFile=-${folder}/%n.env`,
      `ExecStart=/bin/sh -c 'env -0 | tr "\\\\n\\\\0" "~\\\\n" | grep -a ^MIDWATCH_; sleep 100'`,
    ],
    { environmentFolder: join(on.root, folder) },
  );
  const reason = `it said: "no $HOME \`id\` \\n 'x' # ; %n ü"\nand then nothing\ttwice`;
  await start({ MIDWATCH_RUN_ID: "r-17", MIDWATCH_RESTART_REASON: reason, MIDWATCH_EMPTY: "", PATH: "/elsewhere" });
  await seen("running", running);
  await until("it told", async () => (await driver.lastLines(20)).some((line) => line.startsWith("MIDWATCH_")));
  await until(
    "it told all",
    async () => (await driver.lastLines(20)).filter((l) => l.startsWith("MIDWATCH_")).length === 3,
  );
  const told = (await driver.lastLines(20)).filter((line) => line.startsWith("MIDWATCH_")).toSorted();
  assert.deepEqual(told, [
    "MIDWATCH_EMPTY=",
    `MIDWATCH_RESTART_REASON=${reason.replace("\n", "~")}`,
    "MIDWATCH_RUN_ID=r-17",
  ]);
  const path = join(on.root, folder, "told.service.env");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.doesNotMatch(readFileSync(path, "utf8"), /elsewhere/);
});

test("an environment file that cannot be written is said, and the unit is started without it", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const environmentFolder = join(on.root, "/dev/null/env");
  const { start, seen, log } = await unit(t, on, "untold", ["ExecStart=/bin/sleep 100"], { environmentFolder });
  await start();
  await seen("running", running);
  assert.match(log.join("\n"), /unit untold\.service is started without the variables of its new run/);
});

test("the last lines end with the last one, and there are no more than asked for", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { driver, start, seen } = await unit(t, on, "chatty", ["ExecStart=/bin/sh -c 'seq 1 500; exit 9'"]);
  await start();
  await seen("ended", ended);
  const lines = await driver.lastLines(30);
  assert.equal(lines.length, 30);
  assert.ok(lines.includes("500"), lines.join("\n"));
  assert.ok(lines.includes("490"));
  assert.deepEqual(await driver.lastLines(0), []);
});

test("evidence holds the processes, what they use and the last lines", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { driver, start, seen } = await unit(t, on, "hung", ["ExecStart=/bin/sh -c 'echo last words; sleep 4712'"]);
  await start();
  await seen("running", running);
  await until("it spoke", async () => (await driver.lastLines(10)).includes("last words"));
  const evidence = new Map((await driver.evidence()).map(({ name, text }) => [name, text]));
  assert.match(evidence.get("systemctl status") ?? "", /sleep 4712/);
  assert.match(evidence.get("control group") ?? "", /ControlGroup=.*hung\.service/);
  assert.match(evidence.get("journal") ?? "", /last words/);
});

test("what fights with Midwatch is told with the exact change", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  const { driver } = await unit(
    t,
    on,
    "rival",
    [
      "ExecStart=/bin/true",
      "Restart=on-failure",
      "StartLimitIntervalSec=0",
      "WatchdogSec=30",
      "TimeoutStopSec=2",
      "KillMode=process",
    ],
    { stopGraceMs: 10_000 },
  );
  await on.writeUnit(
    "/etc/systemd/system/rival.timer",
    "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target\n",
  );
  on.run("systemctl", "start", "rival.timer");
  t.after(() => on.run("systemctl", "stop", "rival.timer"));
  const conflicts = (await driver.conflicts()).join("\n");
  for (const words of [
    "systemd restarts rival.service by itself (Restart=on-failure)",
    "`systemctl edit rival.service`, and write the two lines `[Service]` and `Restart=no`",
    "systemd ignores StartLimitIntervalSec= in [Service]",
    "(KillMode=process)",
    "kills rival.service 2 s after asking it to stop (TimeoutStopSec=), before the 10 s",
    "`TimeoutStopSec=10`",
    "(WatchdogSec=30)",
    "also started by rival.timer",
  ]) {
    assert.ok(conflicts.includes(words), `${words}\nis not in\n${conflicts}`);
  }
  const { driver: calm } = await unit(t, on, "calm", ["ExecStart=/bin/true"], { stopGraceMs: 10_000 });
  assert.deepEqual(await calm.conflicts(), []);
});

test("a user's unit is kept in the same way, and without a user's systemd it is said how to get one", async (t) => {
  const on = machineFor(t);
  if (on === null) return;
  await on.writeUnit(
    "/etc/systemd/system/user@0.service",
    "[Service]\nType=notify\nExecStart=/lib/systemd/systemd --user\nEnvironment=XDG_RUNTIME_DIR=/run/user/0\nRuntimeDirectory=user/0\nDelegate=yes\n",
  );
  await on.writeUnit(
    "/etc/systemd/user/mine.service",
    "[Service]\nExecStart=/bin/sh -c 'echo mine; sleep 0.5; exit 4'\n",
  );
  const { driver, start, seen } = openUnit(t, { unit: "mine", scope: "user", systemctl: on.userSystemctl });
  await assert.rejects(driver.observe(), {
    code: "platform_unavailable",
    message: /loginctl enable-linger .*XDG_RUNTIME_DIR/,
  });
  on.run("systemctl", "start", "user@0.service");
  await start();
  await seen("running", running);
  const { lastEnd } = await seen("ended", ended);
  assert.equal(lastEnd?.code, 4);
  assert.ok((await driver.lastLines(10)).includes("mine"));
});

test("where systemd is not installed or not running, that is said, and nothing is concluded about the agent", async (t) => {
  const nowhere = openUnit(t, { unit: "bot", systemctl: ["/nonexistent/systemctl"] });
  await assert.rejects(nowhere.driver.observe(), {
    code: "platform_unavailable",
    retryable: true,
    message: /there is no \/nonexistent\/systemctl on this machine/,
  });
  const on = machineFor(t);
  if (on === null) return;
  const closed = openUnit(t, {
    unit: "bot",
    systemctl: ["env", "SYSTEMCTL_FORCE_BUS=1", "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/nonexistent", "systemctl"],
  });
  await assert.rejects(closed.driver.observe(), {
    code: "platform_unavailable",
    message: /systemd cannot be reached \(.+\)\. It must be the first process of this machine/,
  });
  await assert.rejects(closed.driver.start({ runId: "r1", environment: {} }), { code: "platform_unavailable" });
});

test("a name that systemctl would take for a pattern, an option or another kind of unit is refused", () => {
  for (const unit of ["*", "bot*", "--all", "-bot", "a/b", "", "bot service", "bot.timer", "bot.socket"]) {
    assert.throws(() => openSystemdDriver({ unit, scope: "system", environmentFolder: null, log: () => undefined }), {
      code: "invalid_agents",
    });
  }
});
