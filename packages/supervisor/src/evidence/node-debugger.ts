// Reaching the debugger of a Node process that was not started for debugging: on SIGUSR1 Node opens it, on a port of its
// choice (`--inspect-port=0`). The port is found among the process's own listening sockets, so that no other process is
// spoken to, even when several are asked at once; and the process is asked for its number before anything else.

import { setTimeout as pause } from "node:timers/promises";
import { signalProcess, type ProcessIdentity } from "../process/identity.ts";
import { Inspector, InspectorError } from "./inspector.ts";
import { fieldOf, readSystemFile } from "./proc-file.ts";
import { readOpenFiles } from "./open-files.ts";

const lookEveryMs = 20;
const portLimit = 8;
const listLimit = 64 * 1024;

/** How long each step may take, in whole milliseconds. On an idle machine each takes well under 100 ms; on a busy one all of it may be needed. */
export interface Patience {
  readonly opensMs: number;
  readonly answersMs: number;
  readonly haltsMs: number;
}

/** Rejects with an InspectorError that says in words why the debugger cannot be reached. */
export async function openDebugger(identity: ProcessIdentity, { opensMs, answersMs }: Patience): Promise<Inspector> {
  const before = await listeningPorts(identity.pid);
  if (!signalProcess(identity, "SIGUSR1")) throw new InspectorError("it has just ended");
  const deadline = performance.now() + opensMs;
  let opened: readonly number[] = [];
  while (opened.length === 0 && performance.now() < deadline) {
    await pause(lookEveryMs);
    opened = (await listeningPorts(identity.pid)).filter((port) => !before.includes(port));
  }
  // A debugger that was open before opens no second time.
  for (const port of (opened.length > 0 ? opened : before).slice(0, portLimit)) {
    const inspector = await connectTo(identity.pid, port, answersMs);
    if (inspector) return inspector;
  }
  throw new InspectorError(
    "it did not open its debugger: its main thread is inside native code or a call that blocks (such as execSync), " +
      "or another program holds its debugging port",
  );
}

async function listeningPorts(pid: number): Promise<readonly number[]> {
  const files = await readOpenFiles(pid);
  return (files?.sockets ?? [])
    .filter(({ kind, state }) => kind === "TCP" && state === "listening")
    .map(({ localPort }) => localPort)
    .filter((port) => port !== null);
}

/** Null when this port is no debugger, or one of another process. */
async function connectTo(pid: number, port: number, answersMs: number): Promise<Inspector | null> {
  const url = await debuggerUrl(port, answersMs);
  if (url === null) return null;
  const inspector = await Inspector.connect(url, answersMs);
  const numbers = await numbersOf(pid);
  const told = await evaluate(inspector, "process.pid", answersMs).catch((error: unknown) => {
    inspector.close();
    throw error;
  });
  if (numbers.includes(Number(told))) return inspector;
  inspector.close();
  return null;
}

async function debuggerUrl(port: number, answersMs: number): Promise<string | null> {
  const signal = AbortSignal.timeout(answersMs);
  try {
    const response = await fetch(`http://127.0.0.1:${port}/json/list`, { signal, redirect: "error" });
    // It may be a server of the agent's own that answers anything with a flood.
    if (!(Number(response.headers.get("content-length")) <= listLimit)) {
      await response.body?.cancel();
      return null;
    }
    const targets = (await response.json()) as { type?: unknown; webSocketDebuggerUrl?: unknown }[];
    const target = targets.find(({ type }) => type === "node")?.webSocketDebuggerUrl;
    // The address is the one that was asked, whatever the answer says.
    return typeof target === "string" ? `ws://127.0.0.1:${port}${new URL(target).pathname}` : null;
  } catch {
    // Something else listens there: not a debugger.
    return null;
  }
}

/** A process in a container knows itself by another number than we do. */
async function numbersOf(pid: number): Promise<readonly number[]> {
  const inner = fieldOf(await readSystemFile(`/proc/${pid}/status`), "NSpid");
  return [pid, ...(inner?.split(/\s+/).map(Number) ?? [])];
}

/** The value of an expression in the process. */
export async function evaluate(inspector: Inspector, expression: string, timeoutMs: number): Promise<unknown> {
  const { result } = (await inspector.call("Runtime.evaluate", { expression, returnByValue: true }, timeoutMs)) as {
    result?: { value?: unknown };
  };
  return result?.value;
}

/** Lets the process run on, takes its debugger off the network again, and leaves. */
export function closeDebugger(inspector: Inspector): void {
  inspector.tell("Debugger.resume");
  inspector.tell("Debugger.disable");
  inspector.tell("Runtime.evaluate", { expression: "process._debugEnd?.()" });
  inspector.close();
}
