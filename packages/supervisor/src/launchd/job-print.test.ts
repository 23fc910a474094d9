import assert from "node:assert/strict";
import { test } from "node:test";
import { isDisabledIn, parseJobPrint, withoutEnvironments } from "./job-print.ts";

/** The form in which macOS prints a job; the lines that matter vary. */
function print(...lines: readonly string[]): string {
  return [
    "gui/501/com.example.bot = {",
    "\tactive count = 1",
    "\tpath = /Users/watch/Library/LaunchAgents/com.example.bot.plist",
    "\ttype = LaunchAgent",
    "",
    "\targuments = {",
    "\t\t/usr/local/bin/bot",
    "\t\t--state = running",
    "\t}",
    "",
    "\tstdout path = /Users/watch/Library/Logs/bot.log",
    "\tstderr path = /Users/watch/Library/Logs/bot.err",
    "\tenvironment = {",
    "\t\tAPI_KEY => sk-secret",
    "\t}",
    "",
    "\tdomain = gui/501 [100003]",
    "\tminimum runtime = 10",
    "\texit timeout = 5",
    ...lines.map((line) => `\t${line}`),
    "\tresource coalition = {",
    "\t\tID = 721",
    "\t\tstate = active",
    "\t\tpid = 1",
    "\t}",
    "}",
    "",
  ].join("\n");
}

test("a running job is read with its pid, and blocks inside do not pass for the job", () => {
  const job = parseJobPrint(
    print("state = running", "runs = 3", "pid = 4242", "last exit code = 1", "properties = keepalive | runatload"),
  );
  assert.equal(job.state, "running");
  assert.equal(job.pid, 4242);
  assert.equal(job.runs, 3);
  assert.equal(job.exitTimeoutS, 5);
  assert.equal(job.minimumRuntimeS, 10);
  assert.equal(job.isKeptAlive, true);
  assert.equal(job.plist, "/Users/watch/Library/LaunchAgents/com.example.bot.plist");
  assert.deepEqual(job.outputs, ["/Users/watch/Library/Logs/bot.log", "/Users/watch/Library/Logs/bot.err"]);
  assert.deepEqual(job.lastEnd, { code: 1, signal: null, oom: null });
});

test("how the last run ended is read in every form that launchd has for it", () => {
  const endOf = (...lines: readonly string[]): unknown => parseJobPrint(print(...lines)).lastEnd;
  assert.equal(endOf("last exit code = (never exited)"), null);
  assert.equal(endOf(), null);
  assert.deepEqual(endOf("last exit code = 0"), { code: 0, signal: null, oom: null });
  assert.deepEqual(endOf("last exit code = 78: EX_CONFIG"), { code: 78, signal: null, oom: null });
  assert.deepEqual(endOf("last terminating signal = Killed: 9"), { code: null, signal: "SIGKILL", oom: null });
  // macOS counts this one differently from Linux.
  assert.deepEqual(endOf("last terminating signal = Bus error: 10"), { code: null, signal: "SIGBUS", oom: null });
  assert.deepEqual(endOf("last terminating signal = Odd: 77"), { code: null, signal: "signal 77", oom: null });
  assert.deepEqual(endOf("last exit reason = OS_REASON_CODESIGNING"), { code: null, signal: null, oom: null });
});

test("a job that macOS killed for memory is out of memory, and one that it ended for being idle is not", () => {
  const killed = parseJobPrint(print("last exit reason = JETSAM_REASON_MEMORY_PERPROCESSLIMIT")).lastEnd;
  assert.equal(killed?.signal, "SIGKILL");
  assert.equal(killed.oom?.confidence, "certain");
  const idle = parseJobPrint(print("last exit reason = JETSAM_REASON_MEMORY_IDLE_EXIT")).lastEnd;
  assert.equal(idle?.oom, null);
});

test("what is not said is not known, and a job without a process has pid 0 or none", () => {
  const job = parseJobPrint(print("state = spawn scheduled", "immediate reason = inefficient", "pid = 0"));
  assert.equal(job.pid, null);
  assert.equal(job.isThrottled, true);
  assert.equal(job.runs, null);
  assert.equal(job.isKeptAlive, false);
  assert.equal(parseJobPrint("").state, null);
  assert.equal(parseJobPrint("x = {\n\tpath = (submitted by launchctl)\n}\n").plist, null);
});

test("a condition of KeepAlive shows as semaphores", () => {
  assert.equal(parseJobPrint(print("semaphores = {", "\tsuccessful exit => 0", "}")).isKeptAlive, true);
});

test("evidence carries no environment", () => {
  const text = withoutEnvironments(print("state = running", "inherited environment = {", "\tTOKEN => t", "}"), 10_000);
  assert.ok(!text.includes("sk-secret") && !text.includes("TOKEN"), text);
  assert.ok(text.includes("state = running") && text.includes("resource coalition"), text);
  assert.equal(withoutEnvironments(print(), 20).length, 20);
});

test("a disabled job is told from an enabled one, in the words of old and new macOS", () => {
  const printed = 'disabled services = {\n\t"a" => disabled\n\t"b" => enabled\n\t"c" => true\n\t"d" => false\n}\n';
  const disabled = ["a", "b", "c", "d", "e"].filter((label) => isDisabledIn(printed, label));
  assert.deepEqual(disabled, ["a", "c"]);
});
