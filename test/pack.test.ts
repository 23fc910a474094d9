// What a user gets who installs the package: `npm pack`, an empty folder without the network, and the machine's own Node.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { StubServer } from "../sdks/typescript/src/testing/stub-server.ts";
import { apiOf } from "./support/api.ts";
import { until } from "./support/until.ts";

const run = promisify(execFile);
const root = new URL("..", import.meta.url);

// Without the folders that npm puts in front: they hold the Node that this repository pins.
const path = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .join(delimiter);
const env = { ...process.env, PATH: path, NODE_OPTIONS: "" };

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-pack-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The version of the machine's own Node, or null. */
async function machineNode(): Promise<string | null> {
  try {
    return (await run("node", ["--version"], { env })).stdout.trim();
  } catch {
    // There is none on this machine; the caller says so.
    return null;
  }
}

test("the TypeScript SDK, packed and installed offline, beats on the machine's own Node", async (t) => {
  const version = await machineNode();
  if (version === null || Number(/^v(\d+)/u.exec(version)?.[1]) < 20) {
    t.skip(`this machine has no Node 20 or newer of its own (${version ?? "none"})`);
    return;
  }
  const folder = await emptyFolder(t);
  const packed = await run("npm", ["pack", "-w", "sdks/typescript", "--json", "--pack-destination", folder], {
    cwd: root,
  });
  const [{ filename, files }] = jsonIn(packed.stdout) as [{ filename: string; files: { path: string }[] }];
  assert.deepEqual(
    files.map((file) => file.path).filter((file) => !/^dist\/(metering\/)?[\w-]+\.(js|d\.ts)$/u.test(file)),
    ["README.md", "package.json"],
  );

  await writeFile(join(folder, "package.json"), `{ "name": "agent", "private": true, "type": "module" }`);
  await run("npm", ["install", join(folder, filename), "--offline", "--no-audit", "--no-fund"], { cwd: folder, env });
  const installed = JSON.parse(await readFile(join(folder, "node_modules/.package-lock.json"), "utf8")) as {
    packages: object;
  };
  assert.deepEqual(Object.keys(installed.packages), ["node_modules/@midwatch/sdk"], "it brings nothing along");

  const stub = await StubServer.listen();
  t.after(() => stub.close());
  await writeFile(
    join(folder, "agent.js"),
    `import { heartbeat, Midwatch } from "@midwatch/sdk";
    await heartbeat("my-agent", { tokens_used: 1 });
    for await (const cycle of new Midwatch().cycles({ every: 0.01 })) {
      cycle.usage({ input_tokens: 10, output_tokens: 5 });
      if (cycle.number === 3) throw new Error("boom");
    }`,
  );
  const supervised = { MIDWATCH_URL: stub.url, MIDWATCH_KEY: "mw_test", MIDWATCH_AGENT: "my-agent" };
  await assert.rejects(run("node", ["agent.js"], { cwd: folder, env: { ...env, ...supervised } }), /Error: boom/u);
  assert.deepEqual(
    stub.kept.map(({ status, tokens_used }) => [status, tokens_used]),
    [
      ["ok", 1],
      ["starting", 0],
      ["ok", 15],
      ["ok", 15],
      ["error", 15],
      ["exited", 0],
    ],
  );
});

const rooms = ["core", "protocol", "store", "server", "supervisor", "meter", "dashboard", "cli"];

// Their dependencies cannot be installed without a registry, so those of this repository stand in; what is ours comes from the packages.
test("the command and its packages, built and packed, serve, keep an agent and its state, and take a beat", async (t) => {
  const folder = await emptyFolder(t);
  // By force: without it a `dist` that was deleted is not written again.
  await run(join("node_modules", ".bin", "tsc"), ["-b", "--force"], { cwd: root });
  const workspaces = [...rooms.map((room) => `packages/${room}`), "sdks/typescript"].flatMap((room) => ["-w", room]);
  const packed = await run("npm", ["pack", ...workspaces, "--json", "--pack-destination", folder], { cwd: root });
  const modules = join(folder, "node_modules");
  await mkdir(join(modules, "@midwatch"), { recursive: true });
  for (const name of await readdir(new URL("node_modules", root))) {
    if (name === "midwatch" || name.startsWith("@midwatch") || name.startsWith(".")) continue;
    await symlink(fileURLToPath(new URL(`node_modules/${name}`, root)), join(modules, name));
  }
  for (const { name, filename } of jsonIn(packed.stdout) as { name: string; filename: string }[]) {
    await mkdir(join(modules, name));
    await run("tar", ["-xzf", join(folder, filename), "-C", join(modules, name), "--strip-components=1"]);
  }

  const data = join(folder, "data");
  const main = join(modules, "midwatch/dist/main.js");
  // An SQLite file is looked at by a process of the supervisor's own, which has to be found in the package, too.
  await writeFile(
    join(folder, "midwatch.yaml"),
    `server: { listen: "127.0.0.1:0", data: data }
agents: { idler: { run: sleep 600, liveness: process, state: [{ path: state.db }] } }
`,
  );
  new DatabaseSync(join(folder, "state.db")).exec("CREATE TABLE kept (x)");
  const server = spawn(process.execPath, [main, "up", "--config", join(folder, "midwatch.yaml")], {
    env: { ...env, NODE_OPTIONS: "--disable-warning=ExperimentalWarning" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(server, "close");
  let errors = "";
  server.stderr.on("data", (piece: Buffer) => (errors += piece.toString()));
  t.after(async () => {
    server.kill("SIGKILL");
    await ended;
  });
  const deadline = AbortSignal.timeout(20_000);
  while (!existsSync(join(data, "server.json"))) {
    assert.ok(!deadline.aborted && server.exitCode === null, `the server did not start: ${errors}`);
    await sleep(20);
  }
  await until(
    () => /idler: started as process/.exec(errors),
    () => `the agent to be started: ${errors}`,
  );
  assert.ok(existsSync(join(data, "supervisor/state/idler/good")), errors);
  const api = apiOf(data);
  assert.equal((await api.beat({ agent: "my-agent", tokens_used: 7 })).ok, true);
  assert.equal((await api.agent("my-agent"))?.tokens_total, 7);
  server.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null], errors);
});

/** npm prints the output of the build before its JSON. */
function jsonIn(output: string): unknown {
  return JSON.parse(output.slice(output.search(/^\[/mu)));
}
