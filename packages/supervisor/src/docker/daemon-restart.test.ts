import assert from "node:assert/strict";
import { after, before, test, type TestContext } from "node:test";
import { SupervisorError } from "../failure.ts";
import type { PlatformDriver } from "../target/platform-driver.ts";
import { daemonOrSkip, openDockerDaemon, type DockerDaemon, type Opened } from "../testing/docker-daemon.ts";
import { until } from "../testing/until.ts";
import { openDockerDriver } from "./docker-driver.ts";

let opened: Opened;
before(async () => (opened = await openDockerDaemon()));
after(() => (opened.ok ? opened.daemon.close() : undefined));

const obedient = "trap 'exit 0' TERM; while :; do sleep 0.1; done";
const forever = "while :; do sleep 1; done";

interface Followed {
  readonly driver: PlatformDriver;
  readonly hints: () => number;
}

async function follow(t: TestContext, daemon: DockerDaemon, container: string): Promise<Followed> {
  const driver = openDockerDriver({ container, env: daemon.env, log: () => undefined });
  let hints = 0;
  const stop = driver.subscribe(() => (hints += 1));
  t.after(async () => {
    stop();
    await driver.close();
  });
  await until("the stream has begun", () => hints > 0);
  return { driver, hints: () => hints };
}

async function tokenOf(driver: PlatformDriver): Promise<string | null> {
  const seen = await driver.observe();
  return seen.known && seen.running ? seen.running.token : null;
}

async function untilHinted({ hints }: Followed, what: string, act: () => Promise<unknown>): Promise<void> {
  const before = hints();
  await act();
  await until(what, () => hints() > before);
}

test("a daemon that lets containers live is met again, with the same life and a stream that hears on", async (t) => {
  const daemon = daemonOrSkip(t, opened);
  if (daemon === null) return;
  await daemon.end("SIGTERM");
  await daemon.start({ liveRestore: true });
  await daemon.run({ name: "survivor", script: forever });
  t.after(() => daemon.remove("survivor"));
  const followed = await follow(t, daemon, "survivor");
  const { driver } = followed;
  const token = await tokenOf(driver);
  assert.ok(token);

  await daemon.end("SIGKILL");
  await assert.rejects(driver.observe(), (error) => {
    assert.ok(error instanceof SupervisorError && error.code === "platform_unavailable");
    assert.match(error.message, /nothing answers at unix:\/\/\S+: Docker is not running\. Start it/);
    return error.retryable;
  });
  await untilHinted(followed, "the stream is back", () => daemon.start({ liveRestore: true }));
  assert.equal(await tokenOf(driver), token);
  const before = followed.hints();
  await daemon.call("POST", "/containers/survivor/kill");
  await until("its end is hinted at by the new stream", () => followed.hints() > before);
  await until("and is seen", async () => (await tokenOf(driver)) === null);
});

test("a daemon that ends its containers as it comes back has ended a life, whatever events were lost", async (t) => {
  const daemon = daemonOrSkip(t, opened);
  if (daemon === null) return;
  await daemon.end("SIGTERM");
  await daemon.start();
  await daemon.run({ name: "victim", script: obedient });
  await daemon.run({ name: "hungry", script: "exec tail /dev/zero", memoryMb: 32 });
  t.after(() => daemon.remove("victim"));
  t.after(() => daemon.remove("hungry"));
  const { driver } = await follow(t, daemon, "victim");
  const token = await tokenOf(driver);
  assert.ok(token);
  const forgetful = openDockerDriver({ container: "hungry", env: daemon.env, log: () => undefined });
  t.after(() => forgetful.close());
  await until("memory has run out", async () => (await tokenOf(forgetful)) === null);

  await daemon.end("SIGKILL");
  await daemon.start();
  await until("the end is seen", async () => (await tokenOf(driver)) === null);
  const seen = await driver.observe();
  assert.ok(seen.known && seen.lastEnd !== null);
  assert.equal(seen.lastEnd.oom, null, "and nobody claims that memory ran out");
  assert.equal(await driver.start({ runId: "r2", environment: {} }), null);
  await until("it runs again", async () => (await tokenOf(driver)) !== null);
  assert.notEqual(await tokenOf(driver), token);

  const later = openDockerDriver({ container: "hungry", env: daemon.env, log: () => undefined });
  t.after(() => later.close());
  const hungry = await later.observe();
  assert.ok(hungry.known);
  assert.equal(hungry.lastEnd?.oom?.confidence, "likely", "the flag is left; the event is forgotten");
});
