// What in a job's own settings fights with this supervisor. launchd has no last attempt: what it keeps alive it starts for
// ever, so a crash loop costs until somebody looks. Each sentence ends with the exact change.

import type { JobFile } from "./job-file.ts";
import type { JobPrint } from "./job-print.ts";
import { isDict, type PlistValue } from "./plist.ts";

export interface JobFacts {
  readonly label: string;
  readonly file: JobFile | null;
  /** Where it is loaded; more than one place is a fault. */
  readonly loaded: readonly { readonly domain: string; readonly job: JobPrint }[];
  readonly isDisabled: boolean;
}

/** The grace that agents get unless it is set. */
const usualGraceS = 10;

export function conflictsOf(facts: JobFacts): readonly string[] {
  const { label, file, loaded } = facts;
  const job = loaded[0]?.job ?? null;
  const where = file === null ? `the plist of ${label}` : file.path;
  const found: (string | null)[] = [
    file === null && job !== null
      ? `${label} is loaded, but there is no plist of it: once it is unloaded it can't be started again. Put one into ~/Library/LaunchAgents.`
      : null,
    keepAliveConflict(file?.plist["KeepAlive"] ?? job?.isKeptAlive ?? false, { label, where }),
    throttleConflict(job?.minimumRuntimeS ?? file?.plist["ThrottleInterval"] ?? null, { label, where }),
    exitTimeoutConflict(job, { label, where }),
    ...loaded.map(({ domain }) => forgottenDomain(domain, label)),
    loaded.length > 1
      ? `${label} is loaded more than once, in ${loaded.map(({ domain }) => domain).join(" and ")}, so two copies run. Unload all but one: \`launchctl bootout ${loaded[1]?.domain ?? ""}/${label}\`.`
      : null,
    facts.isDisabled && job !== null
      ? `${label} runs, but is disabled: after the next boot it won't be there. Allow it: \`launchctl enable ${loaded[0]?.domain ?? ""}/${label}\`.`
      : null,
  ];
  return found.filter((one) => one !== null);
}

interface Place {
  readonly label: string;
  readonly where: string;
}

function keepAliveConflict(keepAlive: PlistValue, { label, where }: Place): string | null {
  if (keepAlive === false) return null;
  const change = `Set KeepAlive to false in ${where} and load it again; Midwatch restarts it, and knows when to stop.`;
  if (!isDict(keepAlive)) {
    return `launchd starts ${label} again for ever (KeepAlive), past every cooldown and every last attempt of Midwatch. ${change}`;
  }
  const conditions = Object.entries(keepAlive).map(([key, value]) => conditionOf(key, value));
  if (conditions.length === 0) return null;
  return `launchd starts ${label} again by itself ${conditions.join(", or ")} (KeepAlive; one of these is enough, and there is no last attempt). ${change}`;
}

/** Each key is a condition of its own, and a false one is the opposite condition, not the absence of one. */
function conditionOf(key: string, value: PlistValue): string {
  const isWanted = value !== false;
  switch (key) {
    case "SuccessfulExit":
      return isWanted ? "after every end with status 0" : "after every end with another status than 0";
    case "Crashed":
      return isWanted
        ? "after every crash by a signal"
        : "after every end that is no crash, so also after a clean one (Crashed = false)";
    case "NetworkState":
      return isWanted
        ? "while there is a network (ignored since macOS 10.10)"
        : "while there is no network (ignored since macOS 10.10)";
    case "PathState":
      return `while files are there or not there (${namesIn(value)})`;
    case "OtherJobEnabled":
      return `while other jobs are loaded or not (${namesIn(value)})`;
    case "AfterInitialDemand":
      return "once something has asked for it (AfterInitialDemand)";
    default:
      return `for ${key}`;
  }
}

function namesIn(value: PlistValue): string {
  return isDict(value)
    ? Object.entries(value)
        .map(([name, wanted]) => `${wanted === false ? "without " : ""}${name}`)
        .join(", ")
    : "?";
}

/** launchd's own is 10 s. */
const longestThrottleS = 30;

function throttleConflict(seconds: PlistValue | null, { label, where }: Place): string | null {
  if (typeof seconds !== "number" || seconds <= longestThrottleS) return null;
  return `launchd waits ${seconds} s from one start of ${label} to the next (ThrottleInterval), so a restart by Midwatch may come late and be taken for a failed one. Set ThrottleInterval to 10 or less in ${where}; Midwatch has its own cooldown.`;
}

function exitTimeoutConflict(job: JobPrint | null, { label, where }: Place): string | null {
  if (job === null || !job.isKeptAlive || job.exitTimeoutS === null) return null;
  if (job.exitTimeoutS === 0 || job.exitTimeoutS >= usualGraceS) return null;
  return `launchd kills ${label} ${job.exitTimeoutS} s after asking it to stop (ExitTimeOut), before its stop_grace is over. Set ExitTimeOut to the agent's stop_grace in ${where}.`;
}

function forgottenDomain(domain: string, label: string): string | null {
  if (!domain.startsWith("user/")) return null;
  return `${label} is loaded in ${domain}, which launchd does not fill again after a reboot. Load it at the screen instead (gui/…), or make it a job of the system: its plist in /Library/LaunchDaemons, with UserName.`;
}
