import { test } from "node:test";
import type { JobFacts } from "../probes/launchd-jobs.ts";
import { assertSaid } from "../testing/said.ts";
import { judgeJob } from "./launchd-jobs.ts";

/** As `plutil` and `launchctl print` write them. */
const plist = (keys: string): string => `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>dev.midwatch</string>
	<key>ProgramArguments</key>
	<array>
		<string>/usr/local/bin/midwatch</string>
		<string>up</string>
	</array>
	<key>ExitTimeOut</key>
	<integer>90</integer>
${keys}
</dict>
</plist>`;

const printed = (lines: string): string => `system/dev.midwatch = {
	active count = 1
	path = /Library/LaunchDaemons/dev.midwatch.plist
	state = running
${lines}
}`;

const good: JobFacts = {
  label: "dev.midwatch",
  path: "/Library/LaunchDaemons/dev.midwatch.plist",
  plist: plist("	<key>KeepAlive</key>\n	<true/>"),
  printed: { domain: "system", text: printed("	runs = 1\n	last exit code = (never exited)") },
};

const table: readonly { claim: string; facts: JobFacts; says: readonly RegExp[] }[] = [
  { claim: "a daemon that is kept alive is in order", facts: good, says: [] },
  {
    claim: "one that is loaded into the domain of remote logins",
    facts: { ...good, printed: { domain: "user/501", text: printed("	runs = 1") } },
    says: [/bad: dev\.midwatch is not started at the next boot/],
  },
  { claim: "one that is not loaded", facts: { ...good, printed: null }, says: [/bad: launchd has not loaded/] },
  {
    claim: "a file outside of launchd's folders",
    facts: { ...good, path: "/Users/me/midwatch/dev.midwatch.plist" },
    says: [/bad: dev\.midwatch is not found again after a reboot/],
  },
  {
    claim: "one that fails for ever",
    facts: { ...good, printed: { domain: "system", text: printed("	runs = 38771\n	last exit code = 1") } },
    says: [/bad: launchd has started dev\.midwatch 38771 times/],
  },
  {
    claim: "without KeepAlive",
    facts: { ...good, plist: plist("") },
    says: [/bad: .* is not started again when it dies/],
  },
  {
    claim: "Crashed=false keeps what did not crash",
    facts: {
      ...good,
      plist: plist("<key>RunAtLoad</key><true/><key>KeepAlive</key><dict><key>Crashed</key><false/></dict>"),
    },
    says: [/worth-knowing: KeepAlive of dev\.midwatch says the opposite/],
  },
  {
    claim: "conditions without RunAtLoad",
    facts: { ...good, plist: plist("<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>") },
    says: [/worth-knowing: dev\.midwatch does not start by itself/],
  },
  {
    claim: "an agent of a login at the screen",
    facts: { ...good, path: "/Users/me/Library/LaunchAgents/dev.midwatch.plist" },
    says: [/worth-knowing: dev\.midwatch starts when somebody logs in/],
  },
  {
    claim: "a stop that is cut short",
    facts: { ...good, plist: good.plist?.replace("<integer>90</integer>", "<integer>20</integer>") ?? null },
    says: [/bad: launchd kills Midwatch while it still stops agents/],
  },
];

for (const { claim, facts, says } of table) {
  test(`a job of launchd: ${claim}`, () =>
    assertSaid(judgeJob(facts, { home: "/Users/me", longestStopMs: 60_000 }), says, claim));
}
