import assert from "node:assert/strict";
import { createServer as createHttpServer } from "node:http";
import { createServer, type AddressInfo } from "node:net";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { SupervisorError } from "../failure.ts";
import type { PlatformDriver } from "../target/platform-driver.ts";
import { openEngineStub, speaking } from "../testing/engine-stub.ts";
import { until } from "../testing/until.ts";
import { openDockerDriver } from "./docker-driver.ts";
import { engineAddress, type Environment } from "./engine-address.ts";
import { EngineClient } from "./engine-client.ts";

function open(t: TestContext, env: Environment, container = "bot"): PlatformDriver {
  const driver = openDockerDriver({ container, env, log: () => undefined });
  t.after(() => driver.close());
  return driver;
}

const state = {
  Status: "exited",
  Running: false,
  ExitCode: 2,
  StartedAt: "2026-11-24T10:00:00Z",
  FinishedAt: "2026-11-24T11:00:00.5Z",
};
const bot = JSON.stringify({ Id: "c0ffee".repeat(10), Name: "/bot", State: state, Config: {}, HostConfig: {} });

/** Rejects as a platform that cannot be reached, in these words. */
async function assertUnavailable(call: Promise<unknown>, words: RegExp, { retryable = true } = {}): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(error instanceof SupervisorError, String(error));
    assert.equal(error.code, "platform_unavailable");
    assert.match(error.message, words);
    assert.equal(error.retryable, retryable);
    return true;
  });
}

for (const versions of [
  { min: "1.44", max: "1.52" },
  { min: "1.12", max: "1.41" },
]) {
  test(`a daemon that speaks ${versions.min} to ${versions.max} is spoken to in its own version`, async (t) => {
    const stub = await openEngineStub(
      t,
      speaking(versions, (_path, response) => void response.end(bot)),
    );
    const driver = open(t, stub.env);
    for (let look = 0; look < 2; look += 1) {
      const seen = await driver.observe();
      assert.ok(seen.known);
      assert.deepEqual(seen.lastEnd, { at: Date.parse("2026-11-24T11:00:00.500Z"), code: 2, signal: null, oom: null });
    }
    const path = `GET /v${versions.max}/containers/bot/json`;
    assert.deepEqual(stub.asked, ["GET /_ping", path, path], "it is asked for its version once");
  });
}

test("a daemon that was replaced by a newer or an older one is asked for its version anew", async (t) => {
  let versions = { min: "1.24", max: "1.41" };
  const stub = await openEngineStub(t, (request, response) =>
    speaking(versions, (_path, rest) => void rest.end(bot))(request, response),
  );
  const driver = open(t, stub.env);
  for (const next of [versions, { min: "1.44", max: "1.52" }, { min: "1.24", max: "1.43" }]) {
    versions = next;
    assert.ok((await driver.observe()).known, `with ${next.max}`);
  }
});

test("a daemon that never answers is given up within the limit of a call", async (t) => {
  const stub = await openEngineStub(t, () => undefined);
  const begunAt = performance.now();
  await assertUnavailable(open(t, stub.env).observe(), /^Docker at unix:\/\/\S+ did not answer within 3 s$/);
  assert.ok(performance.now() - begunAt >= 2_900, "and not before");
  await until("nothing is left open", () => stub.open() === 0);
});

test("a daemon that hangs in the middle of an answer is given up as well", async (t) => {
  const hang = speaking({ min: "1.24", max: "1.41" }, (_path, response) => void response.write(bot.slice(0, 20)));
  const stub = await openEngineStub(t, hang);
  const client = new EngineClient(engineAddress(stub.env));
  await assertUnavailable(client.call({ method: "GET", path: "/info", limitMs: 200 }), /did not answer within 0\.2 s/);
});

test("an answer without an end is not taken into memory", async (t) => {
  const flood = speaking({ min: "1.24", max: "1.41" }, (_path, response) => {
    const chunk = Buffer.alloc(64 * 1024, 32);
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", pour);
    pour();
  });
  const stub = await openEngineStub(t, flood);
  await assertUnavailable(open(t, stub.env).observe(), /longer than 4194304 bytes/);
});

test("a socket that is not there says what to do", async (t) => {
  const driver = open(t, { DOCKER_HOST: "unix:///nowhere/docker.sock" });
  await assertUnavailable(
    driver.observe(),
    /there is no Docker at unix:\/\/\/nowhere\/docker\.sock: no such socket\. Start Docker/,
  );
  await assertUnavailable(driver.conflicts(), /no such socket/);
  await assertUnavailable(driver.kill(), /no such socket/);
});

test("a socket that this user may not use says which group to join", async (t) => {
  if (process.platform !== "linux" || process.getuid?.() !== 0 || !process.seteuid) {
    console.error(`SKIPPED: ${t.name}: only root can become somebody without the right`);
    t.skip("only root can become somebody without the right");
    return;
  }
  const stub = await openEngineStub(t, () => undefined);
  chmodSync(join(stub.socket, ".."), 0o755);
  chmodSync(stub.socket, 0o600);
  const driver = open(t, stub.env);
  process.seteuid(65_534);
  try {
    await assertUnavailable(driver.observe(), /may not speak to Docker.*usermod -aG docker USER/, { retryable: false });
  } finally {
    process.seteuid(0);
  }
});

test("a socket of another program is told apart from Docker", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-engine-"));
  const server = createServer((connection) =>
    connection.on("error", () => undefined).end("220 mail.example.org ESMTP\r\n"),
  );
  const socket = join(folder, "other.sock");
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  await assertUnavailable(
    open(t, { DOCKER_HOST: `unix://${socket}` }).observe(),
    /is not a Docker daemon; correct DOCKER_HOST/,
    {
      retryable: false,
    },
  );
  const stub = await openEngineStub(t, (_request, response) => void response.writeHead(403).end("no"));
  await assertUnavailable(open(t, stub.env).observe(), /is not a Docker daemon/, { retryable: false });
});

test("a daemon over TCP is spoken to, and its pids are not taken for this host's", async (t) => {
  const running = {
    Status: "running",
    Running: true,
    Pid: process.pid,
    StartedAt: "2026-11-24T10:00:00Z",
    FinishedAt: "0001-01-01T00:00:00Z",
  };
  const body = JSON.stringify({ ...(JSON.parse(bot) as object), State: running });
  const server = createHttpServer(speaking({ min: "1.24", max: "1.41" }, (_path, response) => void response.end(body)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const seen = await open(t, { DOCKER_HOST: `tcp://127.0.0.1:${port}` }).observe();
  assert.ok(seen.known);
  assert.deepEqual(seen.running, { pid: null, token: `${"c0ffee".repeat(10)}@2026-11-24T10:00:00Z` });
});

test("a DOCKER_HOST that cannot be spoken to is refused with what can", async (t) => {
  await assertUnavailable(
    open(t, { DOCKER_HOST: "ssh://me@far" }).observe(),
    /DOCKER_HOST is ssh:\/\/me@far; Midwatch speaks/,
    { retryable: false },
  );
  const secured = { DOCKER_HOST: "tcp://far:2376", DOCKER_TLS_VERIFY: "1" };
  await assertUnavailable(open(t, secured).observe(), /does not speak TLS/, { retryable: false });
});

test("without DOCKER_HOST the system's socket is tried before the user's own", () => {
  assert.deepEqual(engineAddress({ XDG_RUNTIME_DIR: "/run/user/7", HOME: "/home/me" }), {
    kind: "sockets",
    paths: ["/var/run/docker.sock", "/run/user/7/docker.sock", "/home/me/.docker/run/docker.sock"],
  });
});

test("twenty containers at one daemon share one stream of events, which ends with the last of them", async (t) => {
  const stub = await openEngineStub(
    t,
    speaking({ min: "1.44", max: "1.52" }, (path, response) => {
      if (path.startsWith("/events")) response.flushHeaders();
      else response.end(bot);
    }),
  );
  const drivers = Array.from({ length: 20 }, (_, number) => open(t, stub.env, `bot-${number}`));
  const ends = drivers.map((driver) => driver.subscribe(() => undefined));
  await until("the stream is open", () => stub.open() === 1);
  await Promise.all(drivers.map((driver) => driver.observe()));
  assert.equal(stub.asked.filter((line) => line.includes("/events")).length, 1);
  ends.slice(1).forEach((end) => end());
  assert.equal(stub.open(), 1);
  ends[0]?.();
  await until("the stream is closed", () => stub.open() === 0);
});

test("an event hints at its own container, and a stream that breaks hints at all and comes back from where it was", async (t) => {
  const died = {
    Type: "container",
    Action: "die",
    Actor: { ID: "a1", Attributes: { name: "bot", exitCode: "3" } },
    time: 1_795_531_642,
  };
  let breakNow = (): void => undefined;
  const stub = await openEngineStub(
    t,
    speaking({ min: "1.44", max: "1.52" }, (_path, response) => {
      response.write(`${JSON.stringify(died)}\nno json\n{}\n`);
      breakNow = () => response.destroy();
    }),
  );
  const hints = { bot: 0, other: 0 };
  t.after(open(t, stub.env, "bot").subscribe(() => (hints.bot += 1)));
  t.after(open(t, stub.env, "other").subscribe(() => (hints.other += 1)));
  await until("both are told to look, and one of its event", () => hints.bot === 2 && hints.other === 1);
  breakNow();
  await until("both are told to look for what was missed, and it is back", () => hints.bot === 5 && hints.other === 3);
  const last = stub.asked.findLast((line) => line.includes("/events")) ?? "";
  assert.match(last, /since=1795531640&/, "from a little before the last event");
});
