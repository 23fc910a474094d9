import assert from "node:assert/strict";
import { test } from "node:test";
import { SupervisorError } from "../failure.ts";
import { explain, launchctlBy } from "./launchctl.ts";

const node = [process.execPath, "-e"];
const never = new AbortController().signal;
const soon = (): number => performance.now() + 20_000;

test("what launchd refuses is told with the command, its own words, the domain and what to do", () => {
  const job = { label: "com.example.bot", domain: "gui/501" };
  const say = (status: number, complaint: string): string =>
    explain({ line: "launchctl bootstrap gui/501 x.plist", status, output: "", complaint }, job);
  assert.match(
    say(125, "Bootstrap failed: 125: Domain does not support specified action"),
    /^`launchctl bootstrap gui\/501 x\.plist` failed \(status 125, "Bootstrap failed: 125.*gui\/501 exists only while.*not over SSH.*\/Library\/LaunchDaemons/,
  );
  assert.match(
    say(5, "Input/output error"),
    /loaded already.*still being unloaded.*launchctl enable gui\/501\/com\.example\.bot.*plutil -lint/,
  );
  assert.match(say(113, ""), /status 113\): there is no job com\.example\.bot in gui\/501/);
  assert.match(say(119, ""), /disabled there; `launchctl enable gui\/501\/com\.example\.bot`/);
  assert.match(say(37, ""), /loaded in gui\/501 already/);
  assert.match(say(3, ""), /not loaded in gui\/501/);
  assert.match(say(134, ""), /LimitLoadToSessionType/);
  assert.match(say(99, ""), /`launchctl error 99` may say more/);
});

test("a refusal is an answer, and the hint to try again as root is left out of it", async () => {
  const script = `console.error("Bootstrap failed: 5: Input/output error\\nTry re-running the command as root for richer errors."); process.exit(5)`;
  const answer = await launchctlBy([...node, script], never)(["bootstrap", "gui/501"], soon());
  assert.deepEqual(answer, {
    line: "launchctl bootstrap gui/501",
    status: 5,
    output: "",
    complaint: "Bootstrap failed: 5: Input/output error",
  });
});

test("a launchctl that hangs, or that is not there, says nothing about the job", async () => {
  const hangs = launchctlBy([...node, "setInterval(() => {}, 1000)"], never)(
    ["print", "system"],
    performance.now() + 300,
  );
  await assert.rejects(hangs, (error: unknown) => {
    assert.ok(error instanceof SupervisorError);
    assert.equal(error.code, "platform_unavailable");
    assert.equal(error.retryable, true);
    assert.match(error.message, /^`launchctl print system` gave no answer within 300 ms$/);
    return true;
  });
  const missing = launchctlBy(["no-such-launchctl"], never)(["print", "system"], soon());
  await assert.rejects(missing, /launchd keeps jobs on macOS only/);
});
