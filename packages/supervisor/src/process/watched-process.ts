// One life of an agent's process: started here, or found alive after this supervisor's own death. A process started here
// reports its end at once and with its status; an adopted one is nobody's child that we know, so it is looked at twice
// a second and how it ended stays unknown.

import { spawn } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import { describeError, systemCode } from "../failure.ts";
import { findCommand } from "./command-line.ts";
import { identify, isAlive, type ProcessIdentity } from "./identity.ts";

export interface ProcessEnd {
  /** Both null when it could not be seen. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface WatchedProcess {
  readonly runId: string;
  readonly marker: string;
  readonly identity: ProcessIdentity;
  /** Resolves when the main process has ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Looks no more; the process itself is left alone. */
  readonly letGo: () => void;
}

export interface StartOrder {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Record<string, string>;
  readonly runId: string;
  readonly marker: string;
  /** Where both output streams go; null throws them away. */
  readonly output: FileHandle | null;
}

export type StartOutcome =
  { readonly ok: true; readonly process: WatchedProcess } | { readonly ok: false; readonly reason: string };

/**
 * Starts the process in a session and group of its own. Its output goes to a file and never to a pipe: with a pipe the
 * agent would die of the supervisor's death at its next line.
 */
export async function startProcess(order: StartOrder): Promise<StartOutcome> {
  const found = findCommand(order.argv, { cwd: order.cwd, path: order.environment["PATH"] ?? "/usr/bin:/bin" });
  if (!found.ok) return found;
  const [program = "", ...args] = order.argv;
  const output = order.output?.fd ?? "ignore";
  const { promise, resolve } = Promise.withResolvers<StartOutcome>();
  try {
    const child = spawn(program, args, {
      cwd: order.cwd,
      env: order.environment,
      detached: true,
      stdio: ["ignore", output, output],
    });
    const ended = new Promise<ProcessEnd>((end) => child.once("exit", (code, signal) => end({ code, signal })));
    child.once("error", (error) => resolve({ ok: false, reason: explain(program, error) }));
    if (child.pid !== undefined) {
      // Read before the event loop can reap it, so even a process that dies at once has a name.
      const identity = identify(child.pid) ?? { pid: child.pid, startTime: "ended at once", bootId: "" };
      child.unref();
      const { runId, marker } = order;
      resolve({ ok: true, process: { runId, marker, identity, ended, letGo: () => child.removeAllListeners("exit") } });
    }
  } catch (error) {
    // spawn throws for what the system refuses outright, such as an argument list that is too long.
    resolve({ ok: false, reason: explain(program, error) });
  }
  return promise;
}

function explain(program: string, error: unknown): string {
  switch (systemCode(error)) {
    case "ENOEXEC":
      return `${program} is not a program this machine can run; a script needs a first line such as #!/bin/sh`;
    case "EACCES":
    case "EPERM":
      return `${program} may not be executed by this user; check its mode and owner`;
    case "E2BIG":
      return `the arguments and environment of ${program} are too long for this system`;
    case "EAGAIN":
    case "ENOMEM":
      return `the system has no room for another process (${describeError(error)}); check memory and process limits`;
    default:
      return `${program} could not be started: ${describeError(error)}`;
  }
}

/** How often an adopted process is looked at. */
const lookEveryMs = 500;

/** Watches a living process that an earlier life of this supervisor started. */
export function adoptProcess(found: {
  readonly identity: ProcessIdentity;
  readonly runId: string;
  readonly marker: string;
}): WatchedProcess {
  const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>();
  const timer = setInterval(() => {
    if (isAlive(found.identity)) return;
    clearInterval(timer);
    resolve({ code: null, signal: null });
  }, lookEveryMs);
  return { ...found, ended, letGo: () => clearInterval(timer) };
}
