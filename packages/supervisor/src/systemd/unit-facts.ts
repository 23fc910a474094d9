// What systemd says of a unit, read from one `systemctl show`: lines of `Name=value`, in no fixed order.

import type { DurationMs, Ms } from "@midwatch/core";

export interface UnitFacts {
  /** Its own name, also where it was asked for by an alias. */
  readonly unit: string;
  readonly loadState: string;
  /** Why it could not be loaded; empty when it could. */
  readonly loadError: string;
  readonly activeState: string;
  readonly subState: string;
  /** How the last activation went: `success`, `exit-code`, `signal`, `oom-kill`, `watchdog`, … */
  readonly result: string;
  readonly type: string;
  /** A job (a start or a stop that was asked for) waits or runs. */
  readonly hasJob: boolean;
  readonly main: MainProcess;
  /** Another for every start, also for those by systemd itself. Empty when it was never started, or was forgotten. */
  readonly invocation: string;
  readonly restarts: number;
  readonly inactiveAt: Ms | null;
  readonly isConditionMet: boolean;
  readonly conditionAt: Ms | null;
  /** Systemd forgets failed units as well as those that ended well. */
  readonly forgetsFailures: boolean;
  readonly policy: UnitPolicy;
  readonly controlGroup: string;
}

/** The newest main process: `pid` is null when it does not live. */
export interface MainProcess {
  readonly pid: number | null;
  readonly lastPid: number | null;
  /** How it ended: `exited` has a status, the others a signal. Null while it lives or when there was none. */
  readonly end: { readonly how: "exited" | "killed" | "dumped"; readonly status: number } | null;
  readonly startedAt: Ms | null;
  readonly endedAt: Ms | null;
}

/** How it is set. Durations are Infinity where there is no limit. */
export interface UnitPolicy {
  readonly restart: string;
  readonly restartMs: DurationMs;
  readonly startLimitBurst: number;
  readonly startLimitMs: DurationMs;
  readonly stopMs: DurationMs;
  readonly watchdogMs: DurationMs;
  readonly killMode: string;
  readonly needsReload: boolean;
  /** Timers, sockets, paths and units that start it as well. */
  readonly startedBy: readonly string[];
}

export const unitProperties =
  "Id,LoadState,LoadError,ActiveState,SubState,Result,Type,Job,MainPID,ExecMainPID,ExecMainCode,ExecMainStatus,ExecMainStartTimestamp,ExecMainExitTimestamp,InactiveEnterTimestamp,InvocationID,NRestarts,ConditionResult,ConditionTimestamp,CollectMode,Restart,RestartUSec,StartLimitBurst,StartLimitIntervalUSec,TimeoutStopUSec,WatchdogUSec,KillMode,NeedDaemonReload,TriggeredBy,UpheldBy,ControlGroup";

export function readUnitFacts(shown: string): UnitFacts {
  const values = new Map<string, string>();
  for (const line of shown.split("\n")) {
    const at = line.indexOf("=");
    if (at > 0) values.set(line.slice(0, at), line.slice(at + 1));
  }
  const text = (name: string): string => values.get(name) ?? "";
  return {
    unit: text("Id"),
    loadState: text("LoadState"),
    // As in `org.freedesktop.systemd1.BadUnitSetting "Unit bot.service has a bad unit file setting."`
    loadError: /"(.*)"/.exec(text("LoadError"))?.[1] ?? "",
    activeState: text("ActiveState"),
    subState: text("SubState"),
    result: text("Result"),
    type: text("Type"),
    hasJob: !["", "0"].includes(text("Job")),
    main: readMain(text),
    invocation: text("InvocationID"),
    restarts: Number(text("NRestarts")),
    inactiveAt: readTime(text("InactiveEnterTimestamp")),
    isConditionMet: text("ConditionResult") === "yes",
    conditionAt: readTime(text("ConditionTimestamp")),
    forgetsFailures: text("CollectMode") === "inactive-or-failed",
    policy: readPolicy(text),
    controlGroup: text("ControlGroup"),
  };
}

function readMain(text: (name: string) => string): MainProcess {
  const how = (["exited", "killed", "dumped"] as const)[Number(text("ExecMainCode")) - 1];
  const pid = (name: string): number | null => Number(text(name)) || null;
  return {
    pid: pid("MainPID"),
    lastPid: pid("ExecMainPID"),
    end: how === undefined ? null : { how, status: Number(text("ExecMainStatus")) },
    startedAt: readTime(text("ExecMainStartTimestamp")),
    endedAt: readTime(text("ExecMainExitTimestamp")),
  };
}

function readPolicy(text: (name: string) => string): UnitPolicy {
  return {
    restart: text("Restart"),
    restartMs: readSpan(text("RestartUSec")),
    startLimitBurst: Number(text("StartLimitBurst")),
    startLimitMs: readSpan(text("StartLimitIntervalUSec")),
    stopMs: readSpan(text("TimeoutStopUSec")),
    watchdogMs: readSpan(text("WatchdogUSec")),
    killMode: text("KillMode"),
    needsReload: text("NeedDaemonReload") === "yes",
    startedBy: [text("TriggeredBy"), text("UpheldBy")].flatMap((names) => names.split(" ").filter(Boolean)),
  };
}

/** As in `Tue 2026-11-24 14:46:53.198686 UTC`; null for what has not happened. Versions before 248 tell whole seconds only. */
export function readTime(shown: string): Ms | null {
  const [, date, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?) UTC$/.exec(shown) ?? [];
  if (date === undefined || time === undefined) return null;
  const at = Date.parse(`${date}T${time.slice(0, 12)}Z`);
  return Number.isNaN(at) ? null : at;
}

const unitMs: Readonly<Record<string, DurationMs>> = {
  us: 0.001,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
  month: 30.44 * 86_400_000,
  y: 365.25 * 86_400_000,
};

/** As in `1min 30s`, `infinity` or, for no time, `0`. */
export function readSpan(shown: string): DurationMs {
  if (shown === "infinity") return Infinity;
  const parts = shown.matchAll(/([\d.]+)(us|ms|s|min|h|d|w|month|y)\b/g);
  return parts.reduce((sum, [, count, unit = ""]) => sum + Number(count) * (unitMs[unit] ?? 0), 0);
}
