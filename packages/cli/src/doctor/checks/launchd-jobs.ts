// What launchd does not say: a job that was loaded into a domain of the wrong kind runs today and is not found again after a
// reboot, and a job that fails is started again every ten seconds for ever.

import { homedir } from "node:os";
import { spellDuration, type DurationMs } from "@midwatch/core";
import { check } from "../check.ts";
import { findJobs, jobFolders, type JobFacts } from "../probes/launchd-jobs.ts";
import { longestStop, stopReserveMs } from "../stop-time.ts";
import { bad, unchecked, worthKnowing, type Remark } from "../remark.ts";

/** Null: this is no Mac. */
export type LaunchdFacts = {
  readonly home: string;
  readonly jobs: readonly JobFacts[];
  /** What it may take to stop all agents, group after group. */
  readonly longestStopMs: DurationMs;
} | null;

/** More starts than a job has in a healthy life. */
const manyRuns = 100;

export const launchdJobs = check<LaunchdFacts>({
  name: "launchd",
  probe: async ({ config, runTool }) =>
    process.platform === "darwin"
      ? { home: homedir(), jobs: await findJobs(runTool), longestStopMs: longestStop(config.agents) }
      : null,
  judge: (facts) =>
    facts === null ? [unchecked("launchd", "only macOS has it")] : facts.jobs.flatMap((job) => judgeJob(job, facts)),
});

export function judgeJob(
  job: JobFacts,
  { home, longestStopMs }: Omit<NonNullable<LaunchdFacts>, "jobs">,
): readonly Remark[] {
  return [...domain(job), ...place(job, home), ...runs(job), ...keeping(job), ...stopping(job, longestStopMs)];
}

function domain({ label, printed, path }: JobFacts): readonly Remark[] {
  if (printed === null) {
    return [
      bad({
        title: `launchd has not loaded ${label}`,
        why: `Its file is there${path === null ? "" : ` (${path})`}, and neither gui, user nor system knows the label. It is not running and nothing starts it.`,
        fix: `  launchctl bootstrap gui/$(id -u) ${path ?? `~/Library/LaunchAgents/${label}.plist`}\nOn a Mac that nobody logs in to at a screen, put the file into /Library/LaunchDaemons and use \`sudo launchctl bootstrap system …\`.`,
      }),
    ];
  }
  if (!printed.domain.startsWith("user/")) return [];
  return [
    bad({
      title: `${label} is not started at the next boot`,
      why: `It was loaded into ${printed.domain}, the domain of remote logins. launchd looks for jobs at boot for system and at login for gui, never for user.`,
      fix: `  launchctl bootout ${printed.domain}/${label}\nthen put its file into /Library/LaunchDaemons (it runs without a login; add UserName) and:\n  sudo launchctl bootstrap system /Library/LaunchDaemons/${label}.plist`,
    }),
  ];
}

function place({ label, path }: JobFacts, home: string): readonly Remark[] {
  if (path === null || jobFolders(home).some((folder) => path.startsWith(`${folder}/`))) return [];
  return [
    bad({
      title: `${label} is not found again after a reboot`,
      why: `Its file is ${path}. launchd looks into ${jobFolders(home).join(", ")} only; from anywhere else a job lives until the next reboot.`,
      fix: `  cp ${path} ~/Library/LaunchAgents/ && launchctl bootout gui/$(id -u)/${label}\n  launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/${label}.plist`,
    }),
  ];
}

function runs({ label, printed }: JobFacts): readonly Remark[] {
  const text = printed?.text ?? "";
  const count = Number(/^\s*runs = (\d+)$/m.exec(text)?.[1] ?? 0);
  const end = /^\s*last exit code = (.+)$/m.exec(text)?.[1] ?? "unknown";
  if (count < manyRuns || end === "0" || end === "(never exited)") return [];
  return [
    bad({
      title: `launchd has started ${label} ${count} times, and it keeps failing`,
      why: `Its last exit code is ${end}. launchd never gives up and tells nobody: every ten seconds it starts it again.`,
      fix: `Read what it prints (StandardErrorPath in its file), repair that, then:\n  launchctl kickstart -k ${printed?.domain ?? "gui/$(id -u)"}/${label}`,
    }),
  ];
}

function keeping({ label, plist, path }: JobFacts): readonly Remark[] {
  if (plist === null) return [];
  const value = /<key>KeepAlive<\/key>\s*(<true\/>|<false\/>|<dict>[\s\S]*?<\/dict>)/.exec(plist)?.[1] ?? null;
  const fix = `In ${path ?? "its file"}:\n  <key>KeepAlive</key><true/>\nthen \`launchctl bootout\` and \`launchctl bootstrap\` it again.`;
  if (value === null || value === "<false/>") {
    return [
      bad({
        title: `${label} is not started again when it dies`,
        why: "It has no KeepAlive. When Midwatch is killed, nobody watches until a person notices.",
        fix,
      }),
    ];
  }
  const remarks: Remark[] = [];
  if (/<key>Crashed<\/key>\s*<false\/>/.test(value)) {
    remarks.push(
      worthKnowing({
        title: `KeepAlive of ${label} says the opposite of what it seems to`,
        why: 'Crashed=false does not mean "not after a crash": it means "start again whenever it did not crash", and after a crash nothing starts it.',
        fix,
      }),
    );
  }
  if (!/<key>RunAtLoad<\/key>\s*<true\/>/.test(plist) && value !== "<true/>") {
    remarks.push(
      worthKnowing({
        title: `${label} does not start by itself when it is loaded`,
        why: "It has conditions under KeepAlive and no RunAtLoad, so launchd waits for one of them to come true.",
        fix: `In ${path ?? "its file"}:\n  <key>RunAtLoad</key><true/>`,
      }),
    );
  }
  if (path?.includes("/LaunchAgents/") === true) {
    remarks.push(
      worthKnowing({
        title: `${label} starts when somebody logs in at the screen, not at boot`,
        why: "A file in LaunchAgents belongs to a session with a screen. On a Mac that is restarted by an update at night and waits at its login window, nobody watches.",
        fix: "If it has to run without a login: put the file into /Library/LaunchDaemons with a UserName, and `sudo launchctl bootstrap system` it.",
      }),
    );
  }
  return remarks;
}

/** Measured from the asking to stop to SIGKILL; this long when the file does not say. */
const usualExitTimeOutMs = 20_000;

function stopping({ label, plist, path }: JobFacts, longestStopMs: DurationMs): readonly Remark[] {
  if (plist === null) return [];
  const seconds = /<key>ExitTimeOut<\/key>\s*<integer>(\d+)<\/integer>/.exec(plist)?.[1];
  // 0 is without end.
  const limitMs = seconds === undefined ? usualExitTimeOutMs : Number(seconds) * 1_000 || Infinity;
  const needed = longestStopMs + stopReserveMs;
  if (longestStopMs === 0 || limitMs >= needed) return [];
  return [
    bad({
      title: `launchd kills Midwatch while it still stops agents (${label})`,
      why: `It waits ${spellDuration(limitMs)} (ExitTimeOut). The agents of the file may take ${spellDuration(longestStopMs)} to stop, in their order, and Midwatch a little more.`,
      fix: `In ${path ?? "its file"}:\n  <key>ExitTimeOut</key><integer>${Math.ceil(needed / 1_000)}</integer>`,
    }),
  ];
}
