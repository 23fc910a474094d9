import assert from "node:assert/strict";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Observation, PlatformDriver } from "../target/platform-driver.ts";
import {
  daemonOrSkip,
  openDockerDaemon,
  type ContainerSpec,
  type DockerDaemon,
  type Opened,
} from "../testing/docker-daemon.ts";
import { until } from "../testing/until.ts";
import { openDockerDriver } from "./docker-driver.ts";

type Known = Extract<Observation, { known: true }>;

let opened: Opened;
before(async () => (opened = await openDockerDaemon()));
after(() => (opened.ok ? opened.daemon.close() : undefined));

const forever = "while :; do sleep 1; done";
/** The first process of a container is spared signals that it has no handler for: it says when it has one. */
const trapping = (trap: string): string => `trap ${trap}; echo ready; while :; do sleep 0.1; done`;
const obedient = trapping("'exit 0' TERM");

/** A test with a container of its own, gone afterwards. */
function withContainer(
  claim: string,
  spec: Omit<ContainerSpec, "name">,
  body: (parts: {
    readonly t: TestContext;
    readonly daemon: DockerDaemon;
    readonly driver: PlatformDriver;
    readonly name: string;
  }) => Promise<void>,
): void {
  test(claim, async (t) => {
    const daemon = daemonOrSkip(t, opened);
    if (daemon === null) return;
    const name = `bot-${(made += 1)}`;
    await daemon.create({ name, ...spec });
    t.after(() => daemon.remove(name));
    await body({ t, daemon, driver: open(t, daemon, name), name });
  });
}

let made = 0;

function open(t: TestContext, daemon: DockerDaemon, container: string): PlatformDriver {
  const driver = openDockerDriver({ container, env: daemon.env, log: () => undefined });
  t.after(() => driver.close());
  return driver;
}

async function observe(driver: PlatformDriver): Promise<Known> {
  const seen = await driver.observe();
  assert.ok(seen.known, "it is known");
  return seen;
}

async function seen(driver: PlatformDriver, what: string, is: (seen: Known) => boolean): Promise<Known> {
  let last = await observe(driver);
  await until(what, async () => is(last) || ((last = await observe(driver)), is(last)));
  return last;
}

function start(driver: PlatformDriver): ReturnType<PlatformDriver["start"]> {
  return driver.start({ runId: "r1", environment: {} });
}

async function started(driver: PlatformDriver): Promise<Known & { readonly running: NonNullable<Known["running"]> }> {
  assert.equal(await start(driver), null);
  const now = await seen(driver, "it runs", ({ running }) => running !== null);
  assert.ok(now.running);
  return { ...now, running: now.running };
}

async function ready(driver: PlatformDriver): ReturnType<typeof started> {
  const now = await started(driver);
  await until("its signals are trapped", async () => (await driver.lastLines(5)).includes("ready"));
  return now;
}

const ended = (driver: PlatformDriver): Promise<Known> =>
  seen(driver, "it has ended", (now) => now.running === null && now.lastEnd !== null);

withContainer(
  "a container is started and stopped, and its exit status is told",
  { script: trapping("'exit 3' TERM") },
  async ({ driver }) => {
    const created = await observe(driver);
    assert.equal(created.running, null);
    assert.equal(created.lastEnd, null);
    assert.match(created.remark ?? "", /was created and never started/);
    const { running } = await ready(driver);
    assert.ok((running.pid ?? 0) > 0, "on this host its pid is known");
    assert.equal(await start(driver), null, "starting what runs is no error");
    await driver.requestStop();
    const { lastEnd, remark } = await ended(driver);
    assert.deepEqual({ ...lastEnd, at: 0 }, { at: 0, code: 3, signal: null, oom: null });
    assert.equal(remark, null);
  },
);

withContainer(
  "a stop is asked for by the container's own signal",
  { script: trapping(`'exit 5' USR1; trap '' TERM`), config: { StopSignal: "SIGUSR1" } },
  async ({ driver }) => {
    await ready(driver);
    await driver.requestStop();
    assert.equal((await ended(driver)).lastEnd?.code, 5);
  },
);

withContainer(
  "a stop is not waited for, and what ignores it is killed, which is no lack of memory",
  { script: trapping("'' TERM") },
  async ({ driver }) => {
    const { running } = await ready(driver);
    await driver.requestStop();
    assert.equal((await observe(driver)).running?.token, running.token, "it goes on");
    await driver.kill();
    const { lastEnd } = await ended(driver);
    assert.deepEqual({ ...lastEnd, at: 0 }, { at: 0, code: null, signal: "SIGKILL", oom: null });
    await driver.kill();
    await driver.requestStop();
  },
);

withContainer(
  "a kill of the process from outside is a SIGKILL, and no lack of memory",
  { script: forever },
  async ({ driver }) => {
    const { running } = await started(driver);
    process.kill(running.pid!, "SIGKILL");
    const { lastEnd } = await ended(driver);
    assert.equal(lastEnd?.signal, "SIGKILL");
    assert.equal(lastEnd.oom, null);
  },
);

const hungry = { script: "exec tail /dev/zero", memoryMb: 32 };

withContainer(
  "a container that is killed for memory is told as certain",
  hungry,
  async ({ t, driver, daemon, name }) => {
    t.after(driver.subscribe(() => undefined));
    assert.equal(await start(driver), null);
    const { lastEnd } = await ended(driver);
    assert.equal(lastEnd?.signal, "SIGKILL");
    assert.equal(lastEnd.oom?.confidence, "certain", JSON.stringify(lastEnd));
    const later = await observe(open(t, daemon, name));
    assert.equal(later.lastEnd?.oom?.confidence, "certain", "a supervisor that comes later asks Docker's memory");
  },
);

withContainer(
  "a child that is killed for memory ends nothing, and does not explain a kill that comes later",
  { script: `tail /dev/zero; ${forever}`, memoryMb: 32 },
  async ({ t, driver, daemon, name }) => {
    t.after(driver.subscribe(() => undefined));
    const { running } = await started(driver);
    const now = await seen(driver, "the child's kill is told", ({ remark }) => remark !== null);
    assert.equal(now.running?.token, running.token, "the container goes on");
    assert.match(now.remark ?? "", /a process inside container \S+ was killed for memory at 20\S+ \S+ UTC/);
    // Within two seconds of each other nobody could say which of the two it was.
    await pause(2_500);
    process.kill(running.pid!, "SIGKILL");
    const { lastEnd } = await ended(driver);
    const { body } = await daemon.call("GET", `/containers/${name}/json`);
    assert.match(JSON.stringify(body), /"OOMKilled":true/, "Docker marks it all the same");
    assert.equal(lastEnd?.signal, "SIGKILL");
    assert.equal(lastEnd.oom, null);
  },
);

withContainer(
  "the counter of the kernel tells a child's kill where no event was heard",
  { script: `tail /dev/zero; ${forever}`, memoryMb: 32 },
  async ({ driver }) => {
    await started(driver);
    const { remark } = await seen(driver, "the kill was counted", (now) => now.remark !== null);
    assert.match(remark ?? "", /was killed for memory/);
  },
);

withContainer(
  "a restart policy covers no end: the status of the last life is told beside the next one",
  { script: "test -e /tmp/again && sleep 1000; touch /tmp/again; exit 9", restart: { Name: "always" } },
  async ({ t, driver, daemon, name }) => {
    t.after(driver.subscribe(() => undefined));
    assert.equal(await start(driver), null);
    const next = await seen(
      driver,
      "Docker has started it again",
      (now) => now.running !== null && now.lastEnd !== null,
    );
    assert.equal(next.lastEnd?.code, 9);
    const later = await observe(open(t, daemon, name));
    assert.equal(later.lastEnd?.code, 9, "a supervisor that comes later asks Docker's memory");
  },
);

withContainer(
  "what Docker would start again and again is kept down until it is started",
  { script: "exit 4", restart: { Name: "always" } },
  async ({ driver }) => {
    assert.equal(await start(driver), null);
    await seen(driver, "Docker waits to start it again", ({ restarting }) => restarting);
    await driver.hold();
    const held = await seen(driver, "it is down", ({ restarting }) => !restarting);
    await pause(2_000);
    const still = await observe(driver);
    assert.equal(still.running, null);
    assert.equal(still.restarting, false);
    assert.equal(still.lastEnd?.at, held.lastEnd?.at, "nobody has started it meanwhile");
    assert.equal(still.lastEnd?.code, 4);
  },
);

test("a container between two lives of its restart policy can be started", async (t) => {
  const daemon = daemonOrSkip(t, opened);
  if (daemon === null) return;
  const gate = join(daemon.folder, "gate");
  mkdirSync(gate);
  const script = `test -e /gate/open || exit 1; ${forever}`;
  await daemon.create({ name: "gated", script, restart: { Name: "always" }, host: { Binds: [`${gate}:/gate`] } });
  t.after(() => daemon.remove("gated"));
  const driver = open(t, daemon, "gated");
  assert.equal(await start(driver), null);
  await seen(driver, "Docker waits to start it again", ({ restarting }) => restarting);
  writeFileSync(join(gate, "open"), "");
  assert.equal(await start(driver), null);
  await seen(driver, "it has got through", ({ running }) => running !== null);
  await driver.kill();
  await seen(driver, "it is down, and not to be started again", (now) => now.running === null && !now.restarting);
});

withContainer(
  "a running container is kept down by an orderly stop",
  { script: obedient, restart: { Name: "unless-stopped" } },
  async ({ driver }) => {
    await ready(driver);
    await driver.hold();
    const { lastEnd, restarting } = await ended(driver);
    assert.equal(lastEnd?.code, 0);
    assert.equal(restarting, false);
  },
);

withContainer(
  "a paused container is said to be, and a start lets it go on",
  { script: forever },
  async ({ driver, daemon, name }) => {
    const { running } = await started(driver);
    await daemon.call("POST", `/containers/${name}/pause`);
    const paused = await observe(driver);
    assert.equal(paused.running?.token, running.token);
    assert.match(paused.remark ?? "", /is paused/);
    assert.equal(await start(driver), null);
    const resumed = await observe(driver);
    assert.equal(resumed.remark, null);
    assert.equal(resumed.running?.token, running.token);
  },
);

withContainer(
  "an unhealthy container is told once, with its last word",
  {
    script: forever,
    config: {
      Healthcheck: { Test: ["CMD-SHELL", "echo no answer from the model; exit 1"], Interval: 2e8, Retries: 2 },
    },
  },
  async ({ driver, daemon, name }) => {
    await started(driver);
    const { remark, running } = await seen(driver, "it is unhealthy", (now) => now.remark !== null);
    assert.notEqual(running, null);
    assert.match(
      remark ?? "",
      /unhealthy by its own health check, which failed \d+ times in a row, and its last word was: no answer from the model/,
    );
    await until("more checks have failed", async () => {
      const { body } = await daemon.call("GET", `/containers/${name}/json`);
      return (body as { State: { Health: { FailingStreak: number } } }).State.Health.FailingStreak > 3;
    });
    assert.equal((await observe(driver)).remark, remark, "what lasts is not told anew");
  },
);

withContainer(
  "a container that was removed is unknown, with what to do",
  { script: forever },
  async ({ driver, daemon, name }) => {
    await started(driver);
    await daemon.remove(name);
    const gone = await driver.observe();
    assert.ok(!gone.known);
    assert.match(gone.reason, new RegExp(`Docker at unix:///\\S+docker.sock knows no container ${name}; docker ps -a`));
    assert.equal((await start(driver))?.reason, gone.reason);
    assert.deepEqual(await driver.conflicts(), [gone.reason]);
    assert.deepEqual(await driver.lastLines(5), []);
    await driver.requestStop();
    await driver.kill();
    await driver.hold();
  },
);

withContainer(
  "a container created anew under its name is followed, and the end of the old one is told",
  { script: trapping("'exit 6' TERM") },
  async ({ t, driver, daemon, name }) => {
    let hints = 0;
    t.after(driver.subscribe(() => (hints += 1)));
    await until("events are heard", () => hints > 0);
    const { running } = await ready(driver);
    await daemon.call("POST", `/containers/${name}/stop?t=10`);
    await daemon.remove(name);
    await daemon.run({ name, script: forever });
    const next = await seen(
      driver,
      "the new one and the old end are seen",
      (now) => now.running !== null && now.lastEnd !== null,
    );
    assert.notEqual(next.running?.token, running.token);
    assert.equal(next.lastEnd?.code, 6);
  },
);

withContainer(
  "a start that fails is refused in Docker's words, without their wrapping",
  { script: "", config: { Cmd: ["no-such-program"] } },
  async ({ driver, name }) => {
    const refusal = await start(driver);
    assert.match(
      refusal?.reason ?? "",
      new RegExp(
        `^container ${name} could not be started, Docker says: (?!failed|OCI|runc).*no-such-program.*not found in \\$PATH$`,
      ),
    );
  },
);

test("a mount whose folder is gone is a refusal that names it", async (t) => {
  const daemon = daemonOrSkip(t, opened);
  if (daemon === null) return;
  const folder = join(daemon.folder, "mounted");
  mkdirSync(folder);
  const Mounts = [{ Type: "bind", Source: folder, Target: "/data" }];
  await daemon.create({ name: "mounted", script: forever, host: { Mounts } });
  t.after(() => daemon.remove("mounted"));
  rmdirSync(folder);
  const refusal = await start(open(t, daemon, "mounted"));
  assert.ok(refusal !== null && refusal.reason.includes(folder), JSON.stringify(refusal));
});

const talkative = "for i in $(seq 1 60); do echo out $i; echo err $i >&2; done";

withContainer(
  "the last lines are both streams, without the frames they come in",
  { script: talkative },
  async ({ driver }) => {
    await start(driver);
    await ended(driver);
    assert.equal((await driver.lastLines(20)).length, 20);
    const lines = await driver.lastLines(200);
    assert.equal(lines.length, 120);
    assert.deepEqual(
      lines.filter((line) => !/^(out|err) \d+$/.test(line)),
      [],
    );
    assert.ok(lines.includes("out 60") && lines.includes("err 60"), lines.join("|"));
  },
);

withContainer(
  "the last lines of a container with a terminal are plain",
  { script: "echo eins; echo zwei; echo drei", config: { Tty: true } },
  async ({ driver }) => {
    await start(driver);
    await ended(driver);
    assert.deepEqual(await driver.lastLines(2), ["zwei", "drei"]);
  },
);

withContainer(
  "a container without a log has no last lines",
  { script: "echo gone", host: { LogConfig: { Type: "none" } } },
  async ({ driver }) => {
    await start(driver);
    await ended(driver);
    assert.deepEqual(await driver.lastLines(5), []);
  },
);

withContainer(
  "the evidence tells state, processes and use, and nothing of the environment",
  { script: "while :; do :; done", memoryMb: 64, config: { Env: ["API_KEY=swordfish"] } },
  async ({ driver }) => {
    await started(driver);
    const items = await driver.evidence();
    const text = Object.fromEntries(items.map((item) => [item.name, item.text]));
    assert.match(text["docker state"] ?? "", /Status: running\n[\s\S]*limits: memory 64\.0 MiB/);
    assert.match(text["docker processes"] ?? "", /while :; do :; done/);
    assert.match(
      text["docker use"] ?? "",
      /^memory: \d+\.\d MiB of 64\.0 MiB\nprocessor: [1-9]\d* % of one\nprocesses and threads: 1$/,
    );
    assert.doesNotMatch(JSON.stringify(items), /swordfish/);
  },
);

withContainer(
  "whatever else would start or replace the container is told with the exact change",
  {
    script: forever,
    restart: { Name: "on-failure", MaximumRetryCount: 4 },
    config: {
      Labels: {
        autoheal: "true",
        "com.docker.compose.project": "shop",
        "com.docker.compose.service": "clerk",
        "com.docker.compose.project.config_files": "/srv/shop/compose.yaml",
      },
    },
  },
  async ({ driver, name }) => {
    const [policy, heal, compose, ...more] = await driver.conflicts();
    assert.match(
      policy ?? "",
      new RegExp(
        `restart policy on-failure:4.*docker update --restart=no ${name}, and in /srv/shop/compose.yaml set restart: "no" for clerk$`,
      ),
    );
    assert.match(heal ?? "", /autoheal/);
    assert.match(compose ?? "", /compose project shop/);
    assert.deepEqual(more, []);
  },
);

withContainer("a container of nobody else has no conflicts", { script: forever }, async ({ driver }) => {
  assert.deepEqual(await driver.conflicts(), []);
});

withContainer(
  "a container that removes itself cannot be kept",
  { script: forever, host: { AutoRemove: true } },
  async ({ driver }) => {
    const [conflict] = await driver.conflicts();
    assert.match(conflict ?? "", /removes itself when it ends \(--rm\)/);
  },
);

withContainer("an end is hinted at as it happens", { script: obedient }, async ({ t, driver, daemon, name }) => {
  await ready(driver);
  let hints = 0;
  t.after(driver.subscribe(() => (hints += 1)));
  await until("the stream has begun", () => hints > 0);
  await pause(300);
  hints = 0;
  await daemon.call("POST", `/containers/${name}/stop?t=10`);
  await until("it is hinted at", () => hints > 0);
});
