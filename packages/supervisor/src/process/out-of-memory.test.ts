import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { makeMemoryGroup } from "../testing/memory-group.ts";
import { until } from "../testing/until.ts";
import { endOfShim, underShim, type ProcessEnd } from "./exit-shim.ts";
import { childrenOf } from "./identity.ts";
import { KernelLog } from "./kernel-log.ts";
import { OutOfMemoryWatch } from "./out-of-memory.ts";

const eatMemory = "tail /dev/zero";

interface AgentInGroup {
  readonly shell: number;
  readonly agent: () => number | undefined;
  /** Lets it go on from where it waits. */
  readonly go: () => void;
  readonly ended: Promise<ProcessEnd>;
}

/** An agent under its shell, as a supervisor starts it, in that group. It waits for a line before it does `what`. */
async function startInGroup(t: TestContext, group: string, what: string): Promise<AgentInGroup> {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-oom-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const argv = underShim(["/bin/sh", "-c", `read go; ${what}`], join(folder, "exit"));
  const enter = 'echo $$ >"$0/cgroup.procs" && exec "$@"';
  const child = spawn("/bin/sh", ["-c", enter, group, ...argv], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const shell = pidOf(child);
  const ended = once(child, "exit").then(([code, signal]) =>
    endOfShim({ code: code as number | null, signal: signal as string | null }),
  );
  t.after(() => killGroup(shell));
  await until("the agent was in its group", () =>
    readFileSync(join(group, "cgroup.procs"), "utf8").includes(`${shell}\n`),
  );
  await until("the agent ran under its shell", () => childrenOf(shell).length > 0);
  return { shell, agent: () => childrenOf(shell)[0], go: () => child.stdin.write("\n"), ended };
}

function pidOf(child: ChildProcess): number {
  assert.ok(child.pid !== undefined);
  return child.pid;
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, "SIGKILL");
  } catch {
    // It has ended, as it should.
  }
}

function hasKernelLog(t: TestContext): boolean {
  const log = KernelLog.open();
  log?.close();
  if (log) return true;
  const why = "the kernel's log cannot be read here (root in the first pid namespace is needed)";
  console.error(`SKIPPED: ${t.name}: ${why}`);
  t.skip(why);
  return false;
}

function watchIn(t: TestContext, log?: KernelLog | null): OutOfMemoryWatch {
  const watch = new OutOfMemoryWatch(log);
  t.after(() => watch.close());
  return watch;
}

const killed: ProcessEnd = { code: null, signal: "SIGKILL" };

test("an agent that the kernel kills for want of memory is certain to have died of it: the kernel's log names it", async (t) => {
  const group = makeMemoryGroup(t);
  if (group === null || !hasKernelLog(t)) return;
  const watch = watchIn(t);
  const bot = await startInGroup(t, group, `exec ${eatMemory}`);
  const token = watch.watch(bot.shell);
  watch.look();
  bot.go();
  assert.deepEqual(await bot.ended, killed);
  assert.deepEqual(watch.claim(token), { confidence: "certain", seen: "the kernel's log names it" });
  assert.equal(watch.claim(token), null, "a kill is claimed once");
});

test("an agent that dies before any look is still named, when its pid is told", async (t) => {
  const group = makeMemoryGroup(t);
  if (group === null || !hasKernelLog(t)) return;
  const watch = watchIn(t);
  const bot = await startInGroup(t, group, `exec ${eatMemory}`);
  const token = watch.watch(bot.shell);
  const pid = bot.agent() ?? null;
  bot.go();
  await bot.ended;
  assert.equal(watch.claim(token, pid)?.confidence, "certain");
});

test("a script whose program was killed for want of memory is likely to have ended of that", async (t) => {
  const group = makeMemoryGroup(t);
  if (group === null || !hasKernelLog(t)) return;
  const watch = watchIn(t);
  const bot = await startInGroup(t, group, `(read go; exec ${eatMemory}); exit $?`);
  const token = watch.watch(bot.shell);
  bot.go();
  await until("its program had begun", () => childrenOf(bot.agent() ?? 0).length > 0);
  watch.look();
  bot.go();
  assert.deepEqual(await bot.ended, killed);
  assert.deepEqual(watch.claim(token), {
    confidence: "likely",
    seen: "the kernel's log names a process it had started, killed as it died",
  });
});

test("a kill -9 by anybody is never out of memory, even right after a neighbour of its group was killed for that", async (t) => {
  const group = makeMemoryGroup(t);
  if (group === null || !hasKernelLog(t)) return;
  const watch = watchIn(t);
  const bot = await startInGroup(t, group, "sleep 60");
  const neighbour = await startInGroup(t, group, `exec ${eatMemory}`);
  const token = watch.watch(bot.shell);
  watch.look();
  neighbour.go();
  await neighbour.ended;
  process.kill(-bot.shell, "SIGKILL");
  assert.deepEqual(await bot.ended, killed);
  assert.equal(watch.claim(token), null);
});

test("where the kernel's log cannot be read, a rise of the group's counter makes it likely, once for each kill", async (t) => {
  const group = makeMemoryGroup(t);
  if (group === null) return;
  const watch = watchIn(t, null);
  const bot = await startInGroup(t, group, `exec ${eatMemory}`);
  const other = await startInGroup(t, group, "sleep 60");
  const tokens = [watch.watch(bot.shell), watch.watch(other.shell)] as const;
  watch.look();
  bot.go();
  await bot.ended;
  assert.deepEqual(watch.claim(tokens[0]), {
    confidence: "likely",
    seen: "the out-of-memory counter of its control group rose as it died",
  });
  process.kill(-other.shell, "SIGKILL");
  await other.ended;
  assert.equal(watch.claim(tokens[1]), null);
});

test("a kill that was counted long before the death is not its cause", async (t) => {
  const group = makeMemoryGroup(t);
  if (group === null) return;
  const watch = watchIn(t, null);
  const bot = await startInGroup(t, group, "sleep 60");
  const neighbour = await startInGroup(t, group, `exec ${eatMemory}`);
  const token = watch.watch(bot.shell);
  neighbour.go();
  await neighbour.ended;
  for (let looks = 0; looks < 3; looks += 1) watch.look();
  process.kill(-bot.shell, "SIGKILL");
  await bot.ended;
  assert.equal(watch.claim(token), null);
});

test("a process that nothing tells of is not called out of memory", (t) => {
  const watch = watchIn(t);
  const token = watch.watch(process.pid);
  watch.look();
  assert.equal(watch.claim(token), null);
  assert.equal(watch.claim(null), null);
});
