// One life of an agent's process: started here, or found alive after this supervisor's own death. A process started here
// reports its end at once; an adopted one is nobody's child that we know, so it is looked at twice a second, and how it
// ended is read from what its shell wrote down. What is held is that shell: it leads the session, and it ends with the agent.

import { spawn } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { describeError, systemCode } from "../failure.ts";
import { findCommand } from "./command-line.ts";
import { endOfShim, readExitFile, underShim, type ProcessEnd } from "./exit-shim.ts";
import { bootId, childrenOf, identify, isAlive, type ProcessIdentity } from "./identity.ts";

export interface WatchedProcess {
  readonly runId: string;
  readonly marker: string;
  readonly identity: ProcessIdentity;
  /** Resolves when the main process has ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /** Looks no more; the process itself is left alone. */
  readonly letGo: () => void;
}

export interface ProcessOrder {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly runId: string;
  readonly marker: string;
  /** Where its status is written down. */
  readonly exitFile: string;
  /** Where both output streams go; null throws them away. */
  readonly output: FileHandle | null;
}

export type StartOutcome =
  | { readonly ok: true; readonly process: WatchedProcess }
  | { readonly ok: false; readonly reason: string; readonly isPassing: boolean };

/**
 * Starts the process in a session and group of its own. Its output goes to a file and never to a pipe: with a pipe the
 * agent would die of the supervisor's death at its next line.
 */
export async function startProcess(order: ProcessOrder): Promise<StartOutcome> {
  const found = findCommand(order.argv, { cwd: order.cwd, path: order.environment["PATH"] ?? "/usr/bin:/bin" });
  if (!found.ok) return { ...found, isPassing: false };
  const [program = ""] = order.argv;
  const [shell = "", ...args] = underShim(order.argv, order.exitFile);
  const output = order.output?.fd ?? "ignore";
  const { promise, resolve } = Promise.withResolvers<StartOutcome>();
  try {
    const child = spawn(shell, args, {
      cwd: order.cwd,
      env: order.environment,
      detached: true,
      stdio: ["ignore", output, output],
    });
    const ended = new Promise<ProcessEnd>((end) =>
      child.once("exit", (code, signal) => end(endOfShim({ code, signal }))),
    );
    child.once("error", (error) => resolve({ ok: false, ...explain(program, error) }));
    if (child.pid !== undefined) {
      // Read before the event loop can reap it, so even a process that dies at once has a name.
      const identity = identify(child.pid) ?? { pid: child.pid, startTime: "ended at once", bootId: bootId() };
      child.unref();
      const { runId, marker } = order;
      resolve({ ok: true, process: { runId, marker, identity, ended, letGo: () => child.removeAllListeners("exit") } });
    }
  } catch (error) {
    // spawn throws for what the system refuses outright, such as an argument list that is too long.
    resolve({ ok: false, ...explain(program, error) });
  }
  return promise;
}

function explain(program: string, error: unknown): { readonly reason: string; readonly isPassing: boolean } {
  switch (systemCode(error)) {
    case "E2BIG":
      return { reason: `the arguments and environment of ${program} are too long for this system`, isPassing: false };
    case "EAGAIN":
    case "ENOMEM":
    case "EMFILE":
    case "ENFILE":
      return {
        reason: `the system has no room for another process (${describeError(error)}); check memory, process and open file limits`,
        isPassing: true,
      };
    default:
      return { reason: `${program} could not be started: ${describeError(error)}`, isPassing: false };
  }
}

/** Forking takes the shell a millisecond or two; where it cannot be seen, the shell stands for the agent. */
const forkWaitMs = 40;

/** The pid a person knows the agent by: that of the command itself, under its shell. */
export async function pidOfAgent(shell: ProcessIdentity): Promise<number> {
  const giveUpAt = performance.now() + forkWaitMs;
  while (performance.now() < giveUpAt && isAlive(shell)) {
    const [agent] = childrenOf(shell.pid);
    if (agent !== undefined) return agent;
    await pause(1);
  }
  return shell.pid;
}

/** How often an adopted process is looked at. */
const lookEveryMs = 500;

/** Watches a living process that an earlier life of this supervisor started. */
export function adoptProcess(found: {
  readonly identity: ProcessIdentity;
  readonly runId: string;
  readonly marker: string;
  readonly exitFile: string;
}): WatchedProcess {
  const { runId, identity, marker, exitFile } = found;
  const { promise: ended, resolve } = Promise.withResolvers<ProcessEnd>();
  const timer = setInterval(() => {
    if (isAlive(identity)) return;
    clearInterval(timer);
    void readExitFile(exitFile).then(resolve);
  }, lookEveryMs);
  return { runId, identity, marker, ended, letGo: () => clearInterval(timer) };
}
