import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { SupervisorError } from "../failure.ts";
import type { Observation, PlatformDriver } from "../target/platform-driver.ts";
import { LaunchdStandIn, type StandInOptions } from "../testing/launchd-stand-in.ts";
import { until } from "../testing/until.ts";
import { openLaunchdDriver, type LaunchdDriverOptions } from "./launchd-driver.ts";

const label = "com.example.bot";
const everywhere = ["gui/501", "user/501", "system"];
const order = { runId: "run-1", environment: {} };

interface Mac {
  readonly launchd: LaunchdStandIn;
  readonly driver: PlatformDriver;
  readonly plist: string;
  readonly logged: readonly string[];
  readonly open: (options?: Partial<LaunchdDriverOptions>) => PlatformDriver;
}

interface MacOptions extends Partial<StandInOptions> {
  /** More keys of the plist, as XML. */
  readonly keys?: string;
  readonly script?: string;
  readonly folder?: "LaunchAgents" | "LaunchDaemons";
  readonly fileName?: string;
}

const sleeps = "echo started; exec sleep 600";

async function mac(t: TestContext, options: MacOptions = {}): Promise<Mac> {
  const launchd = await LaunchdStandIn.open({ domains: everywhere, ...options });
  t.after(() => launchd.close());
  const { keys = "", script = sleeps, folder = "LaunchAgents", fileName = `${label}.plist` } = options;
  for (const name of ["LaunchAgents", "LaunchDaemons"]) mkdirSync(join(launchd.folder, name));
  const plist = join(launchd.folder, folder, fileName);
  const out = join(launchd.folder, "out.log");
  writeFileSync(
    plist,
    `<plist version="1.0"><dict><key>Label</key><string>${label}</string>
     <key>ProgramArguments</key><array><string>/bin/sh</string><string>-c</string><string>${script}</string></array>
     <key>StandardOutPath</key><string>${out}</string>${keys}</dict></plist>`,
  );
  const logged: string[] = [];
  const open = (more: Partial<LaunchdDriverOptions> = {}): PlatformDriver => {
    const folders = {
      agents: [join(launchd.folder, "LaunchAgents")],
      daemons: [join(launchd.folder, "LaunchDaemons")],
    };
    const log = (line: string): unknown => logged.push(line);
    const driver = openLaunchdDriver({ label, uid: 501, folders, launchctl: launchd.launchctl, log, ...more });
    t.after(() => driver.close());
    return driver;
  };
  return { launchd, driver: open(), plist, logged, open };
}

type Known = Extract<Observation, { known: true }>;

async function see(driver: PlatformDriver): Promise<Known> {
  const seen = await driver.observe();
  assert.ok(seen.known, seen.known ? "" : seen.reason);
  return seen;
}

async function untilSeen(driver: PlatformDriver, what: string, test: (seen: Known) => boolean): Promise<Known> {
  let seen = await see(driver);
  await until(what, async () => test((seen = await see(driver))));
  return seen;
}

const keepAlive = "<key>KeepAlive</key><true/>";
const runAtLoad = "<key>RunAtLoad</key><true/>";

// Each has a launchd of its own, and most of its time is waiting.
void suite("the launchd driver", { concurrency: 4 }, () => {
  test("a job that is not loaded is bootstrapped, and started when loading it does not do that", async (t) => {
    const { launchd, driver, plist } = await mac(t);
    const before = await see(driver);
    assert.equal(before.running, null);
    assert.match(before.remark ?? "", /com\.example\.bot is not loaded in gui\/501, user\/501, system/);
    assert.equal(await driver.start(order), null);
    const { running, lastEnd } = await see(driver);
    assert.equal(running?.pid, launchd.pidOf(`gui/501/${label}`));
    assert.equal(lastEnd, null);
    assert.deepEqual(launchd.calls, [
      "print-disabled gui/501",
      `bootstrap gui/501 ${plist}`,
      "print-disabled gui/501",
      `kickstart gui/501/${label}`,
    ]);
    assert.equal(await driver.start(order), null, "starting what runs is no error");
  });

  test("a job with RunAtLoad is started once, not twice", async (t) => {
    const { launchd, driver } = await mac(t, { keys: runAtLoad });
    assert.equal(await driver.start(order), null);
    await untilSeen(driver, "it runs", ({ running }) => running !== null);
    assert.ok(!launchd.calls.some((call) => call.startsWith("kickstart")), launchd.calls.join("\n"));
  });

  test("how a run ended is told with the time at which it was first seen, and each life has a token of its own", async (t) => {
    const { launchd, driver } = await mac(t);
    await driver.start(order);
    const first = await see(driver);
    process.kill(launchd.pidOf(`gui/501/${label}`) ?? 0, "SIGABRT");
    const ended = await untilSeen(driver, "it has ended", ({ running }) => running === null);
    assert.deepEqual({ ...ended.lastEnd, at: 0 }, { at: 0, code: null, signal: "SIGABRT", oom: null });
    assert.ok(typeof ended.lastEnd?.at === "number");
    assert.equal((await see(driver)).lastEnd?.at, ended.lastEnd.at, "the time does not move");
    await driver.start(order);
    const second = await see(driver);
    assert.notEqual(second.running?.token, first.running?.token);
    assert.ok(!launchd.calls.slice(4).some((call) => call.startsWith("bootstrap")), "it was loaded all the time");
  });

  test("a supervisor that begins later finds the same life under the same token, and an old end without a time", async (t) => {
    const { driver, open, launchd } = await mac(t);
    await driver.start(order);
    const before = await see(driver);
    assert.equal((await see(open())).running?.token, before.running?.token);
    process.kill(launchd.pidOf(`gui/501/${label}`) ?? 0, "SIGKILL");
    await untilSeen(driver, "it has ended", ({ running }) => running === null);
    const { lastEnd } = await see(open());
    assert.equal(lastEnd?.signal, "SIGKILL");
    assert.equal(lastEnd.at, null);
  });

  test("a job that ends as soon as it is started leaves an end that is newer than the start", async (t) => {
    const { driver } = await mac(t, { script: "exit 3", keys: runAtLoad });
    const before = await see(driver);
    assert.equal(await driver.start(order), null);
    const ended = await untilSeen(driver, "its end is told", ({ lastEnd }) => lastEnd !== null);
    assert.equal(ended.lastEnd?.code, 3);
    assert.notEqual(ended.lastEnd.at, null);
    assert.notEqual(ended.lastEnd.at, before.lastEnd?.at);
  });

  test("a job that is kept alive is stopped by unloading it, and launchd does not start it again", async (t) => {
    const { launchd, driver } = await mac(t, { keys: keepAlive, throttleMs: 0 });
    await driver.start(order);
    await untilSeen(driver, "it runs", ({ running }) => running !== null);
    await driver.requestStop();
    const stopped = await untilSeen(driver, "it has ended", ({ running }) => running === null);
    assert.equal(stopped.restarting, false);
    assert.equal(stopped.remark, null, "what we unloaded ourselves is no news");
    assert.equal(launchd.isLoaded(`gui/501/${label}`), false);
    assert.equal(launchd.isDisabled(`gui/501/${label}`), false, "a stop for a restart leaves nothing behind");
    assert.equal(await driver.start(order), null);
    await untilSeen(driver, "it runs again", ({ running }) => running !== null);
  });

  test("a job that is not kept alive gets a plain TERM, keeps its exit status, and stays loaded", async (t) => {
    const { launchd, driver } = await mac(t, { script: "trap 'exit 7' TERM; while :; do sleep 0.05; done" });
    await driver.start(order);
    await untilSeen(driver, "it runs", ({ running }) => running !== null);
    await driver.requestStop();
    const stopped = await untilSeen(driver, "it has ended", ({ running }) => running === null);
    assert.equal(stopped.lastEnd?.code, 7);
    assert.ok(launchd.isLoaded(`gui/501/${label}`));
  });

  test("a process that is still being unloaded counts as running, even when launchd knows its job no more", async (t) => {
    const { driver, launchd } = await mac(t, {
      keys: `${keepAlive}<key>ExitTimeOut</key><integer>600</integer>`,
      script: "trap '' TERM; echo started; while :; do sleep 0.05; done",
      forgetsEarly: true,
    });
    await driver.start(order);
    const { running } = await untilSeen(driver, "it runs", (seen) => seen.running !== null);
    await until("it ignores TERM", async () => (await driver.lastLines(5)).length > 0);
    await driver.requestStop();
    assert.equal((await launchd.run("print", `gui/501/${label}`)).status, 113);
    assert.equal((await see(driver)).running?.token, running?.token);
    await driver.kill();
    await untilSeen(driver, "it has ended", (seen) => seen.running === null);
  });

  test("killing what launchd keeps alive ends it for good", async (t) => {
    const { launchd, driver } = await mac(t, {
      keys: `${keepAlive}<key>ExitTimeOut</key><integer>600</integer>`,
      script: "trap '' TERM; echo started; while :; do sleep 0.05; done",
      throttleMs: 0,
    });
    await driver.start(order);
    await untilSeen(driver, "it runs", ({ running }) => running !== null);
    await until("it ignores TERM", async () => (await driver.lastLines(5)).length > 0);
    await driver.kill();
    await untilSeen(driver, "it has ended", ({ running }) => running === null);
    assert.equal(launchd.isLoaded(`gui/501/${label}`), false);
  });

  test("a job that is held is unloaded and disabled, so that not even a boot starts it, and a start allows it again", async (t) => {
    const { launchd, driver, logged } = await mac(t, { keys: keepAlive, throttleMs: 0 });
    await driver.start(order);
    await untilSeen(driver, "it runs", ({ running }) => running !== null);
    await driver.hold();
    await untilSeen(driver, "it has ended", ({ running }) => running === null);
    assert.equal(launchd.isLoaded(`gui/501/${label}`), false);
    assert.ok(launchd.isDisabled(`gui/501/${label}`));
    assert.match(logged.join("\n"), /is held.*by hand: `launchctl enable gui\/501\/com\.example\.bot`/);
    await driver.hold();
    assert.equal(logged.length, 1, "holding twice says it once");
    assert.equal(await driver.start(order), null);
    await untilSeen(driver, "it runs again", ({ running }) => running !== null);
    assert.equal(launchd.isDisabled(`gui/501/${label}`), false);
  });

  test("a throttled job is about to be started again, and a person is told that launchd holds it back", async (t) => {
    const { driver } = await mac(t, { keys: keepAlive, script: "exit 1", throttleMs: 600_000 });
    assert.equal(await driver.start(order), null);
    const seen = await untilSeen(driver, "launchd waits", ({ restarting }) => restarting);
    assert.match(seen.remark ?? "", /launchd throttles com\.example\.bot: it ends within 600 s of its start/);
    assert.equal(seen.lastEnd?.code, 1);
  });

  test("without a screen session the job goes to the user's own domain, and is told to be forgotten there", async (t) => {
    const { launchd, driver } = await mac(t, { domains: ["user/501", "system"] });
    assert.equal(await driver.start(order), null);
    assert.notEqual(launchd.pidOf(`user/501/${label}`), null);
    assert.match(
      (await driver.conflicts()).join("\n"),
      /loaded in user\/501, which launchd does not fill again after a reboot/,
    );
  });

  test("a refused start names every domain that was tried, what launchd said, and what to do", async (t) => {
    const { driver } = await mac(t, { domains: ["system"] });
    const refusal = await driver.start(order);
    assert.match(
      refusal?.reason ?? "",
      /bootstrap gui\/501.*status 125.*not over SSH.*In the next domain: `launchctl bootstrap user\/501/,
    );
  });

  test("a job of the system is loaded into the system, wherever else there is a session", async (t) => {
    const { launchd, driver } = await mac(t, { folder: "LaunchDaemons" });
    assert.equal(await driver.start(order), null);
    assert.notEqual(launchd.pidOf(`system/${label}`), null);
  });

  test("an error 5 of an unloading that is nearly over passes; one that stays is explained", async (t) => {
    const { launchd, driver } = await mac(t);
    const five = { status: 5, output: "", complaint: "Bootstrap failed: 5: Input/output error\n" };
    launchd.replies.set("bootstrap", [five]);
    assert.equal(await driver.start(order), null);
    assert.notEqual(launchd.pidOf(`gui/501/${label}`), null);
    await driver.hold();
    await untilSeen(driver, "it has ended", ({ running }) => running === null);
    launchd.replies.set(
      "bootstrap",
      Array.from({ length: 100 }, () => five),
    );
    assert.match(
      (await driver.start(order))?.reason ?? "",
      /bootstrap gui\/501.*status 5.*still being unloaded.*plutil -lint/,
    );
  });

  test("a bootstrap that says yes and does nothing is seen through", async (t) => {
    const { launchd, driver } = await mac(t);
    const yes = { status: 0, output: "", complaint: "" };
    launchd.replies.set("bootstrap", [yes]);
    assert.match(
      (await driver.start(order))?.reason ?? "",
      /said that it was done, but gui\/501 has no job com\.example\.bot/,
    );
  });

  test("a job that nobody knows is not known, and it is said where it was looked for", async (t) => {
    const { open } = await mac(t);
    const seen = await open({ label: "com.example.other" }).observe();
    assert.ok(!seen.known);
    assert.match(
      seen.reason,
      /no job com\.example\.other in gui\/501, user\/501, system, and there is no plist.*LaunchAgents/,
    );
  });

  test("a plist is found by its Label, whatever its file is called", async (t) => {
    const { launchd, driver } = await mac(t, { fileName: "homebrew.mxcl.bot.plist" });
    assert.equal(await driver.start(order), null);
    assert.notEqual(launchd.pidOf(`gui/501/${label}`), null);
  });

  test("a launchd that fails to answer is no word about the job", async (t) => {
    const { launchd, driver } = await mac(t);
    launchd.replies.set("print", [{ status: 1, output: "", complaint: "Operation not permitted\n" }]);
    await assert.rejects(driver.observe(), (error: unknown) => {
      assert.ok(error instanceof SupervisorError);
      assert.equal(error.code, "platform_unavailable");
      assert.match(error.message, /print gui\/501\/com\.example\.bot.*status 1, "Operation not permitted"/);
      return true;
    });
  });

  test("its last lines are read from the files it prints to, and its evidence holds no secrets", async (t) => {
    const { driver } = await mac(t, { script: "for i in 1 2 3 4; do echo line $i; done; exec sleep 600" });
    await driver.start(order);
    await until("it has printed", async () => (await driver.lastLines(10)).length === 4);
    assert.deepEqual(await driver.lastLines(2), ["line 3", "line 4"]);
    const [evidence] = await driver.evidence();
    assert.equal(evidence?.name, `launchctl print gui/501/${label}`);
    assert.match(evidence.text, /state = running/);
    assert.ok(!evidence.text.includes("sk-not-for-anybody"));
  });

  test("the end of its process is hinted at", async (t) => {
    const { driver, launchd } = await mac(t);
    await driver.start(order);
    await see(driver);
    let hints = 0;
    t.after(driver.subscribe(() => (hints += 1)));
    process.kill(launchd.pidOf(`gui/501/${label}`) ?? 0, "SIGKILL");
    await until("there is a hint", () => hints === 1);
  });
});
