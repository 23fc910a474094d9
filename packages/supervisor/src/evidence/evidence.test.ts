import assert from "node:assert/strict";
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import type { EvidenceBundle, EvidenceName } from "@midwatch/protocol";
import { identify, isAlive, onLinux, readProcess, type ProcessIdentity } from "../process/identity.ts";
import { until } from "../testing/until.ts";
import { takeEvidence, type EvidenceRequest } from "./evidence.ts";
import { readOpenFiles } from "./open-files.ts";

const quiet: Omit<EvidenceRequest, "members"> = {
  runId: "run-1",
  why: "hung",
  stackFile: null,
  lastLines: () => Promise.resolve([]),
  lastBeats: [],
  platform: () => Promise.resolve([]),
};
/** For a noisy machine; what is slow there must not be missing. */
const patient = { budgetMs: 20_000 };

/** Starts a real process; at the end of the test it is killed. */
function start(t: TestContext, argv: readonly string[], more: Record<string, string> = {}): ProcessIdentity {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "ignore"],
    // A group of its own, so that what it has started ends with it.
    detached: true,
    env: { PATH: process.env["PATH"] ?? "", NODE_OPTIONS: "--inspect-port=0", ...more },
  });
  t.after(() => end(child));
  const identity = identify(child.pid ?? -1);
  assert.ok(identity, `${program} did not start`);
  return identity;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGKILL");
  await gone;
}

/** A script in a folder of its own that makes `ready` beside it when it has come to the interesting part. */
async function script(
  t: TestContext,
  name: string,
  lines: readonly string[],
): Promise<{ path: string; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-evidence-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  await writeFile(path, `${lines.join("\n").replaceAll("READY", JSON.stringify(join(folder, "ready")))}\n`);
  return { path, folder };
}

const ready = (folder: string): Promise<void> => until("the agent is ready", () => existsSync(join(folder, "ready")));

function textOf(bundle: EvidenceBundle, name: EvidenceName): string {
  return bundle.items.find((item) => item.name === name)?.text ?? assert.fail(`no item ${name}`);
}

function linuxOnly(t: TestContext): boolean {
  if (onLinux) return true;
  const why = "evidence of this kind is read from /proc, which only Linux has";
  console.error(`SKIPPED: ${t.name}: ${why}`);
  t.skip(why);
  return false;
}

function pythonOrSkip(t: TestContext): string | null {
  try {
    // The interpreter itself: a launcher in its place would be another process.
    return execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
  } catch {
    console.error(`SKIPPED: ${t.name}: there is no python3 on this machine`);
    t.skip("there is no python3 on this machine");
    return null;
  }
}

test("a hot loop of Node is named with its function, file and line, and runs on afterwards", async (t) => {
  if (!linuxOnly(t)) return;
  const { path, folder } = await script(t, "agent.mjs", [
    `import { writeFileSync } from "node:fs";`,
    `function think() {`,
    `  writeFileSync(READY, "");`,
    `  for (;;);`,
    `}`,
    `setTimeout(think, 1);`,
  ]);
  const agent = start(t, [process.execPath, path]);
  await ready(folder);
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.match(
    bundle.summary,
    /^spins in think\(\) at agent\.mjs:4 \(\d+ % of one processor(, all that it could get)?\)$/,
  );
  assert.match(textOf(bundle, "stack"), /its event loop does not turn.*\n {2}think \(file:.*agent\.mjs:4:\d+\)\n/);
  assert.match(textOf(bundle, "process"), /spinning, \d+ % of one processor/);
  await until("it runs on", () => readProcess(agent.pid)?.state === "R");
  await until("its debugger is off the network again", async () => {
    const files = await readOpenFiles(agent.pid);
    return files !== null && !files.sockets.some(({ state }) => state === "listening");
  });
  const again = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.match(again.summary, /^spins in think\(\)/, "evidence can be taken twice");
});

test("a main thread blocked in Atomics.wait is told from a loop", async (t) => {
  if (!linuxOnly(t)) return;
  const { path, folder } = await script(t, "agent.mjs", [
    `import { writeFileSync } from "node:fs";`,
    `function holdStill() {`,
    `  writeFileSync(READY, "");`,
    `  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
    `}`,
    `setTimeout(holdStill, 1);`,
  ]);
  const agent = start(t, [process.execPath, path]);
  await ready(folder);
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.match(bundle.summary, /^is blocked in holdStill\(\) at agent\.mjs:4: its event loop does not turn/);
});

test("an await that never resolves is named with its line, its callers and the request without an answer", async (t) => {
  if (!linuxOnly(t)) return;
  const server = createServer(() => undefined).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await until("the server listens", () => server.listening);
  const { port } = server.address() as AddressInfo;
  const { path, folder } = await script(t, "agent.mjs", [
    `import { writeFileSync } from "node:fs";`,
    `async function askModel() {`,
    `  const url = "http://127.0.0.1:${port}/v1/messages?key=s3cr3tvalue";`,
    `  const answer = await fetch(url, { method: "POST", body: "hello" });`,
    `  return answer.text();`,
    `}`,
    `async function cycle() {`,
    `  const text = await askModel();`,
    `  return text.length;`,
    `}`,
    `const going = cycle();`,
    `writeFileSync(READY, "");`,
    `await going;`,
  ]);
  const agent = start(t, [process.execPath, path]);
  server.on("connection", (socket) => t.after(() => socket.destroy()));
  await until("it has asked", async () => (await connections(server)) > 0);
  await ready(folder);
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.match(
    bundle.summary,
    new RegExp(
      `^waits, idle in askModel\\(\\) at agent\\.mjs:4: its event loop has nothing to run; ` +
        `no answer yet to POST http://127\\.0\\.0\\.1:${port}/v1/messages; ` +
        `open: TCP to 127\\.0\\.0\\.1:${port} \\(established\\)$`,
    ),
  );
  const frames = [...textOf(bundle, "stack").matchAll(/agent\.mjs:(\d+):/g)].map(([, line]) => Number(line));
  assert.deepEqual(frames, [4, 8, 13], "the callers follow, each at its await");
  assert.match(textOf(bundle, "files"), new RegExp(`TCP to 127\\.0\\.0\\.1:${port} \\(established\\), from 127`));
  assert.ok(!JSON.stringify(bundle).includes("s3cr3tvalue"));
});

function connections(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
}

test("an agent that nothing will wake for an hour still tells where it waits", async (t) => {
  if (!linuxOnly(t)) return;
  const { path, folder } = await script(t, "agent.mjs", [
    `import { writeFileSync } from "node:fs";`,
    `setTimeout(() => {}, 3_600_000);`,
    `async function waitForever() {`,
    `  await new Promise((resolve) => (globalThis.wake = resolve));`,
    `}`,
    `const going = waitForever();`,
    `writeFileSync(READY, "");`,
    `await going;`,
  ]);
  const agent = start(t, [process.execPath, path]);
  await ready(folder);
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.equal(bundle.summary, "waits, idle in waitForever() at agent.mjs:4: its event loop has nothing to run");
});

test("a worker thread that spins is found beside an idle main thread", async (t) => {
  if (!linuxOnly(t)) return;
  const { path, folder } = await script(t, "agent.mjs", [
    `import { Worker, isMainThread } from "node:worker_threads";`,
    `import { writeFileSync } from "node:fs";`,
    `function grind() {`,
    `  writeFileSync(READY, "");`,
    `  for (;;);`,
    `}`,
    `if (isMainThread) new Worker(new URL(import.meta.url));`,
    `else setTimeout(grind, 1);`,
  ]);
  const agent = start(t, [process.execPath, path]);
  await ready(folder);
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.match(bundle.summary, /^spins in grind\(\) at agent\.mjs:5, in a worker thread/);
});

test("a Node process inside a call that blocks says that it cannot be asked, and its child is shown", async (t) => {
  if (!linuxOnly(t)) return;
  const { path, folder } = await script(t, "agent.mjs", [
    `import { execFileSync } from "node:child_process";`,
    `execFileSync("sh", ["-c", 'echo $$ > "$0"; exec sleep 600', READY]);`,
  ]);
  const agent = start(t, [process.execPath, path]);
  await until("its child runs", async () => {
    const told = existsSync(join(folder, "ready")) ? await readFile(join(folder, "ready"), "utf8") : "";
    return told.endsWith("\n");
  });
  const sleeper = identify(Number(await readFile(join(folder, "ready"), "utf8"))) ?? assert.fail("no child");
  t.after(() => isAlive(sleeper) && process.kill(sleeper.pid, "SIGKILL"));
  await until("the child sleeps", async () => (await readFile(`/proc/${sleeper.pid}/comm`, "utf8")) === "sleep\n");
  const bundle = await takeEvidence({ ...quiet, members: [agent, sleeper] }, { budgetMs: 5_000 });
  assert.match(textOf(bundle, "stack"), /no stack: it did not open its debugger: .*a call that blocks/);
  assert.match(textOf(bundle, "process"), new RegExp(`process ${sleeper.pid} \\(sleep\\), child of ${agent.pid}`));
});

test("a Python loop is named with its function, file and line by faulthandler", async (t) => {
  const python = pythonOrSkip(t);
  if (!linuxOnly(t) || python === null) return;
  const { path, folder } = await script(t, "agent.py", [
    `import faulthandler, signal, os`,
    `stack = open(os.environ["STACK_FILE"], "a")`,
    `faulthandler.register(signal.SIGUSR1, file=stack, all_threads=True)`,
    `def think():`,
    `    open(READY, "w").close()`,
    `    while True: pass`,
    `think()`,
  ]);
  const stackFile = join(folder, "stack.txt");
  const agent = start(t, [python, path], { STACK_FILE: stackFile });
  await ready(folder);
  const bundle = await takeEvidence({ ...quiet, members: [agent], stackFile }, patient);
  assert.match(
    bundle.summary,
    /^spins in think\(\) at agent\.py:6 \(\d+ % of one processor(, all that it could get)?\)$/,
  );
  assert.match(textOf(bundle, "stack"), /line 6 in think\n.*line 7 in <module>/);
  assert.ok(isAlive(agent));
});

test("a Python process that did not register, and a shell, are not signalled and live on", async (t) => {
  const python = pythonOrSkip(t);
  if (!linuxOnly(t) || python === null) return;
  const { path, folder } = await script(t, "agent.py", [`import time`, `open(READY, "w").close()`, `time.sleep(600)`]);
  const agent = start(t, [python, path]);
  const shell = start(t, ["/bin/sh", "-c", "read line < /dev/zero & wait"]);
  await ready(folder);
  // Another process has made the file: it proves nothing about this one.
  const stackFile = join(folder, "stack.txt");
  await writeFile(stackFile, "");
  const ofPython = await takeEvidence({ ...quiet, members: [agent], stackFile }, patient);
  const ofShell = await takeEvidence({ ...quiet, members: [shell], stackFile }, patient);
  // Where py-spy is installed it tells without a signal.
  assert.match(textOf(ofPython, "stack"), /no stack: |^python process/);
  assert.match(ofPython.summary, /^waits/);
  assert.match(textOf(ofShell, "stack"), /none of its processes is Node or Python/);
  assert.ok(isAlive(agent));
  assert.ok(isAlive(shell));
});

test("a process halted by SIGSTOP is told as halted, and is not continued", async (t) => {
  const agent = start(t, [process.execPath, "-e", "setInterval(() => {}, 1000)"]);
  process.kill(agent.pid, "SIGSTOP");
  await until("it is halted", () => readProcess(agent.pid)?.state === "T");
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.equal(bundle.summary, "halted by a signal (state T); nothing runs");
  assert.match(textOf(bundle, "stack"), /it is halted and cannot be asked|none of its processes/);
  assert.equal(readProcess(agent.pid)?.state, "T");
});

test("a process that waits in the kernel is told as such", async (t) => {
  const python = pythonOrSkip(t);
  if (!linuxOnly(t) || python === null) return;
  // The parent of a vfork waits in state D until its child ends; the child shares its memory and sleeps.
  const { path, folder } = await script(t, "agent.py", [
    `import ctypes, os, time`,
    `libc = ctypes.CDLL(None)`,
    `if libc.vfork() == 0:`,
    `    with open(READY, "w") as file: file.write(str(os.getpid()))`,
    `    time.sleep(600)`,
  ]);
  const agent = start(t, [python, path]);
  await ready(folder);
  let child = 0;
  await until("its child has told its number", async () => {
    child = Number(await readFile(join(folder, "ready"), "utf8"));
    return child > 0;
  });
  t.after(() => process.kill(child, "SIGKILL"));
  await until("it waits in the kernel", () => readProcess(agent.pid)?.state === "D");
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, patient);
  assert.match(bundle.summary, /^waits in the kernel \(state D/);
});

test("secrets of the environment, the command line, the output and the beats are taken out", async (t) => {
  if (!linuxOnly(t)) return;
  const agent = start(t, [process.execPath, "-e", "setInterval(() => {}, 1000)", "x", "--api-key", "abcd-from-argv"], {
    MIDWATCH_KEY: "mw_0123456789abcdef",
    DB_PASSWORD: "correct horse battery",
    DATABASE_URL: "postgres://bob:hunter2@db.example/agents",
    HARMLESS: "visible",
  });
  const bundle = await takeEvidence(
    {
      ...quiet,
      members: [agent],
      lastLines: () =>
        Promise.resolve([
          "\u001b[31mlogin with correct horse battery\u001b[0m",
          "Authorization: Bearer abc.def",
          "fine",
        ]),
      lastBeats: [{ at: 0, status: "ok", message: "using sk-live-1234567890", tokens: 12 }],
      platform: () => Promise.resolve([{ name: "unit", text: "Environment=API_TOKEN=qwertyuiop" }]),
    },
    patient,
  );
  const all = JSON.stringify(bundle);
  for (const secret of [
    "abcd-from-argv",
    "0123456789abcdef",
    "correct horse",
    "hunter2",
    "abc.def",
    "1234567890",
    "qwerty",
  ])
    assert.ok(!all.includes(secret), secret);
  assert.match(textOf(bundle, "environment"), /^HARMLESS=visible$/m);
  assert.match(textOf(bundle, "output"), /^login with \[redacted\]\n.*\nfine$/);
  assert.match(textOf(bundle, "beats"), /^1970-01-01T00:00:00\.000Z ok, 12 tokens: using \[redacted\]$/);
});

test("what never answers costs only its own item", async (t) => {
  const agent = start(t, [process.execPath, "-e", "setInterval(() => {}, 1000)"]);
  const bundle = await takeEvidence(
    {
      ...quiet,
      members: [agent],
      platform: () => new Promise(() => undefined),
      lastLines: () => {
        throw new Error("the disk is gone");
      },
    },
    { budgetMs: 5_000 },
  );
  assert.match(textOf(bundle, "platform"), /^not taken: it did not come within/);
  assert.equal(textOf(bundle, "output"), "not taken: the disk is gone");
  assert.match(textOf(bundle, "process"), new RegExp(`process ${agent.pid}`));
});

test("with no time at all there is still a bundle that says so", async (t) => {
  const agent = start(t, ["/bin/sh", "-c", "sleep 600 & wait"]);
  const bundle = await takeEvidence({ ...quiet, members: [agent] }, { budgetMs: 0 });
  assert.match(bundle.summary, /^what it does could not be seen: /);
  assert.ok(isAlive(agent));
});

test("a run whose processes are gone is told as such", async () => {
  const gone: ProcessIdentity = { pid: 2 ** 22 + 1, startTime: "1", bootId: "none" };
  const bundle = await takeEvidence({ ...quiet, members: [gone] }, patient);
  assert.equal(bundle.summary, "none of its processes lives any more");
});
