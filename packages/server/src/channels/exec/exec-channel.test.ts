import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import test, { type TestContext } from "node:test";
import type { WebhookBody } from "@midwatch/protocol";
import { acknowledged, endless, grouped, never, openChannel, silent } from "../../testing/channel-examples.ts";
import { createChannel } from "../create-channel.ts";

function open(command: readonly string[], settings: Readonly<Record<string, unknown>> = {}) {
  return openChannel({ type: "exec", command, ...settings }, { allowExec: true });
}

/** A script in a real shell; the folder is the first of its arguments. */
function script(t: TestContext, lines: string) {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-exec-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return { folder, read, command: ["/bin/sh", "-c", lines, "sh", folder] };
}

async function failed(command: readonly string[], message: WebhookBody = silent) {
  const outcome = await open(command).send(message, never);
  assert.ok(!outcome.sent);
  return outcome;
}

test("the program gets the whole message on its input, and its main words in the environment", async (t) => {
  const { command, read } = script(t, 'cat > "$1/body"; env | grep ^MIDWATCH_ | sort > "$1/env"');
  assert.deepEqual(await open(command).send({ ...grouped, agent: "bot" }, never), { sent: true });
  assert.deepEqual(JSON.parse(read("body")), { ...grouped, agent: "bot" });
  assert.deepEqual(read("env").trim().split("\n"), [
    "MIDWATCH_AGENT=bot",
    "MIDWATCH_ID=group:7:me",
    "MIDWATCH_KIND=silent",
    "MIDWATCH_SEVERITY=page",
    "MIDWATCH_THREAD=group:7",
    "MIDWATCH_TITLE=bot: 3 agents silent since 03:12:00 UTC",
    "MIDWATCH_TYPE=incident.opened",
    "MIDWATCH_URL=https://midwatch.example.org/incidents/7",
  ]);
});

test("a program hears of an acknowledgement: who it was, and when", async (t) => {
  const { command, read } = script(t, 'cat > "$1/body"; echo "$MIDWATCH_TYPE" > "$1/type"');
  const channel = open(command);
  assert.equal(channel.hearsAcknowledgements, true);
  assert.deepEqual(await channel.send(acknowledged, never), { sent: true });
  assert.equal(read("type").trim(), "incident.acknowledged");
  assert.deepEqual(JSON.parse(read("body")), acknowledged);
});

test("of Midwatch's own environment it gets the path, the home and the language, and no key", async (t) => {
  process.env["SOME_API_KEY"] = "hunter2";
  t.after(() => delete process.env["SOME_API_KEY"]);
  const { command, read } = script(t, 'env > "$1/env"');
  await open(command).send(silent, never);
  const names = read("env")
    .split("\n")
    .map((line) => line.split("=")[0]!)
    // The shell sets these by itself.
    .filter((name) => name !== "" && !/^(MIDWATCH_.*|PWD|OLDPWD|SHLVL|_)$/.test(name));
  for (const name of names) assert.ok(["PATH", "HOME", "LANG"].includes(name), name);
});

test("what an agent wrote is neither a command nor a second line", async (t) => {
  const { command, read, folder } = script(t, 'printf %s "$MIDWATCH_TITLE" > "$1/title"');
  const title = `$(touch ${folder}/owned) ; \`id\`\n\u001b[31m\u0000'"`;
  assert.equal((await open(command).send({ ...silent, agent: null, title }, never)).sent, true);
  assert.equal(read("title"), `$(touch ${folder}/owned) ; \`id\` '"`);
  assert.throws(() => read("owned"));
});

test("a message without an end arrives, also at a program that does not read it", async (t) => {
  const { command, read } = script(t, 'wc -c < "$1/../$(basename "$1")/none" 2>/dev/null; cat | wc -c > "$1/size"');
  assert.deepEqual(await open(command).send(endless, never), { sent: true });
  assert.equal(Number(read("size")), Buffer.byteLength(JSON.stringify(endless)) + 1);
  assert.deepEqual(await open(["true"]).send(endless, never), { sent: true });
});

test("exit status 75 is tried again, every other one is final, with the last line of the complaint", async () => {
  const complain = 'echo first >&2; echo "no route: password=hunter2-of-mine" >&2; echo >&2; exit ';
  const later = await failed(["/bin/sh", "-c", `${complain}75`]);
  assert.equal(later.retry, true);
  const final = await failed(["/bin/sh", "-c", `${complain}3`]);
  assert.deepEqual(
    [final.retry, final.error],
    [false, "/bin/sh ended with exit status 3: no route: password=[redacted]"],
  );
});

test("a program that was killed by somebody else is tried again", async () => {
  const { retry, error } = await failed(["/bin/sh", "-c", "kill -TERM $$"]);
  assert.deepEqual([retry, error], [true, "/bin/sh was ended by SIGTERM"]);
});

test("an endless complaint is kept only to its bound", async () => {
  const { error } = await failed(["/bin/sh", "-c", "yes 'no, no, no' | head -c 3000000 >&2; exit 3"]);
  assert.ok(error.length < 400, String(error.length));
});

test("a program that is not there, or may not be run, is final and named", async (t) => {
  assert.deepEqual(await failed(["/no/such/program"]), {
    sent: false,
    retry: false,
    error: "/no/such/program is not there: look at `command`",
  });
  const { folder } = script(t, "");
  writeFileSync(join(folder, "plain"), "words", { mode: 0o600 });
  const { retry, error } = await failed([join(folder, "plain")]);
  assert.equal(retry, false);
  assert.match(error, /may not be run by this user/);
});

/** A script that starts a child that would live long, and tells the pids of both. */
const family = 'sleep 600 & echo "$$ $!" > "$1/pids.new"; mv "$1/pids.new" "$1/pids"; wait';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie that nobody has waited for yet is dead.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

async function untilDead(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
}

test("a program that takes too long is killed with everything it started, and tried again", async (t) => {
  const { command, read } = script(t, family);
  const outcome = await open(command, { timeout: "1s" }).send(silent, never);
  assert.deepEqual(outcome, { sent: false, retry: true, error: "/bin/sh did not end within 1 s and was killed" });
  await untilDead(read("pids").trim().split(" ").map(Number));
});

test("a stopping Midwatch kills the program with everything it started at once, and asks for a retry", async (t) => {
  const { command, read } = script(t, family);
  const stopping = new AbortController();
  const sending = open(command).send(silent, stopping.signal);
  const pids = await whenWritten(() => read("pids"));
  stopping.abort();
  const outcome = await sending;
  assert.ok(!outcome.sent && outcome.retry);
  await untilDead(pids.trim().split(" ").map(Number));
  const refused = await open(["/no/such/program"]).send(silent, stopping.signal);
  assert.match(refused.sent ? "" : refused.error, /Midwatch was stopping/);
});

test("what a program leaves running in its group ends with it, and does not hold up the outcome", async (t) => {
  const { command, read } = script(t, 'sleep 600 & echo "$!" > "$1/pids"; exit 0');
  assert.deepEqual(await open(command).send(silent, never), { sent: true });
  await untilDead([Number(read("pids"))]);
});

/** Starts a child in a group of its own that holds the standard error, and leaves. */
const daemon = `
const child = require("node:child_process").spawn("sleep", ["600"], { detached: true, stdio: "inherit" });
require("node:fs").writeFileSync(process.argv[1] + "/pids", String(child.pid));
child.unref();`;

test("a daemon that left the group and holds the pipe does not hold up the outcome", async (t) => {
  const { folder, read } = script(t, "");
  const outcome = await open([process.execPath, "-e", daemon, folder]).send(silent, never);
  const pid = Number(read("pids"));
  assert.deepEqual([outcome, isAlive(pid)], [{ sent: true }, true]);
  process.kill(pid, "SIGKILL");
});

async function whenWritten(read: () => string): Promise<string> {
  for (;;) {
    try {
      return read();
    } catch {
      // Not there yet.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

test("without the permission of the configuration nothing can be run, and the way to give it is named", () => {
  const made = createChannel("me", { type: "exec", command: ["true"] }, { stream: new PassThrough(), now: Date.now });
  assert.ok(!made.ok);
  assert.match(made.errors[0]!.message, /allow it with "server: \{ allow_exec: true \}"/);
});

test("a command that is one text, empty or relative, and a time that cannot be, are refused when the server starts", () => {
  for (const [config, path] of [
    [{ command: "rm -rf /" }, "command"],
    [{ command: [] }, "command"],
    [{}, "command"],
    [{ command: ["./notify"] }, "command"],
    [{ command: ["true"], timeout: "1h" }, "timeout"],
    [{ command: ["true"], timeout: 5 }, "timeout"],
  ] as const) {
    const made = createChannel(
      "me",
      { type: "exec", ...config },
      { stream: new PassThrough(), now: Date.now, allowExec: true },
    );
    assert.ok(!made.ok);
    assert.deepEqual([...new Set(made.errors.map((error) => error.path))], [`channels.me.${path}`]);
  }
});
