// What Docker knows of one container, read out of its `inspect`.

import type { Ms } from "@midwatch/core";
import { isTrueAt, listAt, numberAt, recordAt, textAt, type JsonRecord } from "./engine-json.ts";

export interface ContainerFacts {
  /** The full id: another container of the same name has another. */
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  /** `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`. */
  readonly status: string;
  /** On the daemon's host; null while nothing runs. */
  readonly pid: number | null;
  /** As Docker spells it, to the nanosecond; null when it was never started. */
  readonly startedAt: string | null;
  readonly finishedAt: Ms | null;
  /** Of the last life; means nothing while it runs. */
  readonly exitCode: number;
  /** Some process of this life was killed for memory, not necessarily the main one (measured). */
  readonly oomKilled: boolean;
  /** Why the last start failed; empty when it did not. */
  readonly error: string;
  readonly health: { readonly isUnhealthy: boolean; readonly failures: number; readonly lastOutput: string };
  readonly stopSignal: string;
  readonly hasTerminal: boolean;
  readonly restartPolicy: string;
  readonly restartLimit: number;
  readonly removesItself: boolean;
  readonly labels: JsonRecord;
  /** All of it, for the evidence. */
  readonly raw: unknown;
}

/** Docker's word for "never" is the first moment of year 1. */
function timeAt(record: JsonRecord, key: string): Ms | null {
  const at = Date.parse(textAt(record, key) ?? "");
  return at > 0 ? at : null;
}

/** Null when that is no description of a container. */
export function readContainer(raw: unknown): ContainerFacts | null {
  const container = recordAt(raw);
  const state = recordAt(raw, "State");
  const id = textAt(container, "Id");
  if (id === null) return null;
  const config = recordAt(raw, "Config");
  const host = recordAt(raw, "HostConfig");
  const policy = recordAt(host, "RestartPolicy");
  const pid = numberAt(state, "Pid") ?? 0;
  // While Docker waits to start it again, it counts it as running, with no process.
  const runs = isTrueAt(state, "Running") && !isTrueAt(state, "Restarting");
  return {
    id,
    name: (textAt(container, "Name") ?? "").replace(/^\//, ""),
    status: textAt(state, "Status") ?? "unknown",
    pid: runs && pid > 0 ? pid : null,
    startedAt: timeAt(state, "StartedAt") === null ? null : textAt(state, "StartedAt"),
    finishedAt: timeAt(state, "FinishedAt"),
    exitCode: numberAt(state, "ExitCode") ?? 0,
    oomKilled: isTrueAt(state, "OOMKilled"),
    error: textAt(state, "Error") ?? "",
    health: healthOf(state),
    stopSignal: textAt(config, "StopSignal") ?? "SIGTERM",
    hasTerminal: isTrueAt(config, "Tty"),
    restartPolicy: textAt(policy, "Name") ?? "",
    restartLimit: numberAt(policy, "MaximumRetryCount") ?? 0,
    removesItself: isTrueAt(host, "AutoRemove"),
    labels: recordAt(config, "Labels"),
    raw,
  };
}

function healthOf(state: JsonRecord): ContainerFacts["health"] {
  const health = recordAt(state, "Health");
  const output = textAt(recordAt(listAt(health, "Log").at(-1)), "Output") ?? "";
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  return {
    isUnhealthy: textAt(health, "Status") === "unhealthy",
    failures: numberAt(health, "FailingStreak") ?? 0,
    lastOutput: (lines.at(-1) ?? "").trim().slice(0, 200),
  };
}

/** Another one for every start; null while nothing runs. */
export function lifeToken({ id, pid, startedAt }: ContainerFacts): string | null {
  return pid === null || startedAt === null ? null : `${id}@${startedAt}`;
}
