// launchd is spoken to through its own command, whose answers are a status and a sentence for people. The status is what is
// branched on; the sentence is passed on beside our own words for it, because "Input/output error" helps nobody at night.

import { execFile } from "node:child_process";
import { SupervisorError, systemCode } from "../failure.ts";

export interface LaunchctlAnswer {
  /** As a person would type it. */
  readonly line: string;
  /** 0 when it was done. */
  readonly status: number;
  readonly output: string;
  /** What it complained of; one line. */
  readonly complaint: string;
}

/** Runs one command, at most until `giveUpAt` (as `performance.now()` counts). Rejects when launchd gives no answer at all. */
export type Launchctl = (args: readonly string[], giveUpAt: number) => Promise<LaunchctlAnswer>;

/** A whole domain is printed in up to a megabyte. */
const maxBytes = 16 * 1024 * 1024;
const shortestWaitMs = 100;

export function launchctlBy(command: readonly string[], closing: AbortSignal): Launchctl {
  const [program = "launchctl", ...before] = command;
  return (args, giveUpAt) => {
    const line = `launchctl ${args.join(" ")}`;
    const timeout = Math.max(shortestWaitMs, Math.ceil(giveUpAt - performance.now()));
    const { promise, resolve, reject } = Promise.withResolvers<LaunchctlAnswer>();
    const options = { timeout, maxBuffer: maxBytes, killSignal: "SIGKILL", signal: closing, encoding: "utf8" } as const;
    const child = execFile(program, [...before, ...args], options, (error, output, complaint) => {
      if (error === null) resolve({ line, status: 0, output, complaint: "" });
      else if (typeof error.code === "number") {
        resolve({ line, status: error.code, output, complaint: oneLine(complaint || output) });
      } else reject(unavailable({ line, timeout, error }));
    });
    child.stdin?.end();
    return promise;
  };
}

function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  return lines
    .filter((line) => line !== "" && !/^Try re-?running/.test(line))
    .join(" ")
    .slice(0, 300);
}

function unavailable(about: {
  readonly line: string;
  readonly timeout: number;
  readonly error: Error;
}): SupervisorError {
  const { line, timeout, error } = about;
  if (systemCode(error) === "ENOENT") {
    return new SupervisorError(
      "platform_unavailable",
      "There is no `launchctl` on this machine: launchd keeps jobs on macOS only. Use `run:`, `systemd:` or `docker:` here.",
      { cause: error },
    );
  }
  const why = "killed" in error && error.killed === true ? `gave no answer within ${timeout} ms` : error.message;
  return new SupervisorError("platform_unavailable", `\`${line}\` ${why}`, { cause: error, retryable: true });
}

/** The statuses by which `print` and `bootout` say that there is no such job, or no such domain to have it in. */
export const isAbsent = ({ status }: LaunchctlAnswer): boolean => absent.has(status);
const absent: ReadonlySet<number> = new Set([3, 112, 113, 125]);

/** The domain is not there, or takes no jobs from here: nobody is logged in for it. */
export const isNoSession = ({ status }: LaunchctlAnswer): boolean => status === 112 || status === 125;

/** Begun and not done yet: what was asked for will happen. */
export const isUnderWay = ({ status }: LaunchctlAnswer): boolean => status === 36 || status === 37;

/** One clause: what was tried, what launchd said, what that means and what to do. */
export function explain(answer: LaunchctlAnswer, job: { readonly label: string; readonly domain: string }): string {
  const { line, status, complaint } = answer;
  const said = complaint === "" ? `status ${status}` : `status ${status}, "${complaint}"`;
  const meaning = meanings[status]?.(job);
  return `\`${line}\` failed (${said})${meaning === undefined ? `; \`launchctl error ${status}\` may say more` : `: ${meaning}`}`;
}

type Meaning = (job: { readonly label: string; readonly domain: string }) => string;

const needsRights: Meaning = ({ domain }) =>
  domain === "system"
    ? "jobs of the system belong to root, so this supervisor has to run as root to keep them"
    : `this user may not do that in ${domain}; the supervisor has to run as the user whose job it is`;

const noSession: Meaning = ({ domain }) =>
  domain.startsWith("gui/")
    ? `${domain} exists only while that user is logged in at the screen, not over SSH and not on a headless machine. Log in ` +
      "there, or make it a job of the system in /Library/LaunchDaemons, with UserName in its plist"
    : `${domain} takes no such job. Put the plist into /Library/LaunchDaemons, with UserName in it, to have it without a login`;

const meanings: Readonly<Record<number, Meaning>> = {
  1: needsRights,
  3: ({ label, domain }) => `${label} is not loaded in ${domain}`,
  5: ({ label, domain }) =>
    `launchd says this for several things: ${label} is loaded already, is still being unloaded, is disabled ` +
    `(\`launchctl enable ${domain}/${label}\`), or its plist is malformed, writable by others or of another owner ` +
    "(`plutil -lint` and `ls -l` tell)",
  13: needsRights,
  36: ({ label }) => `${label} is still being unloaded: its process has not ended yet`,
  37: ({ label, domain }) => `${label} is loaded in ${domain} already, or is just being loaded or unloaded`,
  109: ({ label }) => `the plist of ${label} is not a property list; \`plutil -lint\` shows the line`,
  111: ({ label }) => `the plist of ${label} has no Program or ProgramArguments`,
  112: noSession,
  113: ({ label, domain }) => `there is no job ${label} in ${domain}`,
  119: ({ label, domain }) => `${label} is disabled there; \`launchctl enable ${domain}/${label}\` allows it again`,
  122: ({ label }) =>
    `launchd does not trust the plist of ${label}: it must belong to its user (to root in /Library), and nobody else may ` +
    "write it (`chmod 644`)",
  125: noSession,
  134: ({ label, domain }) =>
    `the plist of ${label} does not allow ${domain}: LimitLoadToSessionType is Aqua unless it is set, which is the screen ` +
    "session only; Background is what a session without a screen takes",
  150: () => "macOS protects this job (System Integrity Protection)",
  161: ({ label }) =>
    `${label} is not allowed to run in the background; switch it on in System Settings, General, Login Items & Extensions`,
};
