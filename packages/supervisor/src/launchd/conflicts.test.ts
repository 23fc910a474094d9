import assert from "node:assert/strict";
import { test } from "node:test";
import { conflictsOf, type JobFacts } from "./conflicts.ts";
import { parseJobPrint } from "./job-print.ts";
import type { PlistDict } from "./plist.ts";

const label = "com.example.bot";
const path = "/Library/LaunchAgents/com.example.bot.plist";

function conflicts(plist: PlistDict, facts: Partial<JobFacts> = {}): string {
  const file = { path, plist: { Label: label, ...plist }, isDaemon: false };
  return conflictsOf({ label, file, loaded: [], isDisabled: false, ...facts }).join("\n");
}

const loadedIn = (domain: string, ...lines: readonly string[]): JobFacts["loaded"][number] => ({
  domain,
  job: parseJobPrint(["x = {", ...lines.map((line) => `\t${line}`), "}"].join("\n")),
});

test("a job that launchd leaves alone has no conflicts", () => {
  assert.equal(conflicts({ RunAtLoad: true }, { loaded: [loadedIn("gui/501", "exit timeout = 5")] }), "");
  assert.equal(conflicts({ KeepAlive: false, ThrottleInterval: 10 }), "");
});

test("KeepAlive fights with every cooldown, and the change is told", () => {
  assert.match(
    conflicts({ KeepAlive: true }),
    /again for ever \(KeepAlive\).*Set KeepAlive to false in \/Library\/LaunchAgents/,
  );
});

test("each key of KeepAlive is explained, a false one as the condition that it is", () => {
  const said = conflicts({ KeepAlive: { SuccessfulExit: false, Crashed: false, PathState: { "/tmp/on": true } } });
  assert.match(
    said,
    /after every end with another status than 0, or after every end that is no crash, so also after a clean one/,
  );
  assert.match(said, /while files are there or not there \(\/tmp\/on\)/);
  assert.equal(conflicts({ KeepAlive: {} }), "");
});

test("a long throttle, a short time to stop, and a domain that a reboot forgets are told", () => {
  assert.match(conflicts({ ThrottleInterval: 300 }), /waits 300 s.*Set ThrottleInterval to 10 or less/);
  const kept = loadedIn("user/501", "exit timeout = 5", "properties = keepalive | runatload");
  const said = conflicts({ KeepAlive: true }, { loaded: [kept] });
  assert.match(said, /kills com\.example\.bot 5 s after asking it to stop \(ExitTimeOut\)/);
  assert.match(said, /user\/501, which launchd does not fill again after a reboot/);
});

test("a job that is loaded twice, disabled while it runs, or without a file is told", () => {
  const loaded = [loadedIn("gui/501"), loadedIn("system")];
  const said = conflicts({}, { loaded, isDisabled: true });
  assert.match(said, /loaded more than once, in gui\/501 and system.*launchctl bootout system\/com\.example\.bot/);
  assert.match(said, /runs, but is disabled.*launchctl enable gui\/501\/com\.example\.bot/);
  assert.match(conflicts({}, { loaded, file: null }), /once it is unloaded it can't be started again/);
});
