// The stack of a Python process. The SDK registers `faulthandler` for SIGUSR1 with a file of its own; that handler writes
// every thread's stack even from a loop that never comes back to the interpreter's own signal handling. Without it,
// py-spy where it is installed; a process that did not ask for the signal is never sent one, for it would die of it.

import { execFile } from "node:child_process";
import { open, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { systemCode } from "../failure.ts";
import { signalProcess, type ProcessIdentity } from "../process/identity.ts";
import { ownFrame, type Frame } from "./frame.ts";
import type { StackTaken } from "./stack.ts";

const startsWithinMs = 1_000;
const lookEveryMs = 30;
/** So many looks without growth, and the handler has written all. */
const quietLooks = 3;
const readLimit = 64 * 1024;
const pySpyMs = 2_500;

/** By faulthandler; null when nothing was written. */
export async function takeByFaulthandler(identity: ProcessIdentity, stackFile: string): Promise<StackTaken | null> {
  const from = (await sizeOf(stackFile)) ?? 0;
  if (!signalProcess(identity, "SIGUSR1")) return null;
  const deadline = performance.now() + startsWithinMs;
  let size = from;
  for (let quiet = 0; quiet < quietLooks && performance.now() < deadline;) {
    await pause(lookEveryMs);
    const now = (await sizeOf(stackFile)) ?? from;
    quiet = now > from && now === size ? quiet + 1 : 0;
    size = now;
  }
  if (size <= from) return null;
  const text = await readFrom(stackFile, from);
  return taken(identity, text, parseFaulthandler(text));
}

/** By py-spy; rejects when it is installed and fails, null when it is not installed. */
export async function takeByPySpy(identity: ProcessIdentity): Promise<StackTaken | null> {
  try {
    const { stdout } = await promisify(execFile)("py-spy", ["dump", "--pid", String(identity.pid)], {
      timeout: pySpyMs,
      maxBuffer: 2 ** 20,
    });
    return taken(identity, stdout, parsePySpy(stdout));
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

function taken(identity: ProcessIdentity, text: string, frames: readonly Frame[]): StackTaken {
  return {
    loop: "unknown",
    at: ownFrame(frames),
    waitsFor: [],
    text: `python process ${identity.pid}, innermost first:\n${text.trim()}`,
  };
}

/** The frames of the thread that took the signal, which is the main thread; innermost first. */
export function parseFaulthandler(text: string): readonly Frame[] {
  const threads = text.split(/^(?=(?:Current thread|Thread) 0x)/m).filter((one) => one.includes("File "));
  const main = threads.find((one) => one.startsWith("Current thread")) ?? threads.at(-1) ?? "";
  return [...main.matchAll(/^\s*File "(.+)", line (\d+) in (.+)$/gm)].map(([, file = "", line, name = ""]) => ({
    name: name === "<module>" ? "" : name,
    file,
    line: Number(line),
    column: null,
  }));
}

/** The frames of the main thread, innermost first. */
export function parsePySpy(text: string): readonly Frame[] {
  const threads = text.split(/^(?=Thread )/m).filter((one) => one.startsWith("Thread "));
  const main = threads.find((one) => one.includes('"MainThread"')) ?? threads[0] ?? "";
  return [...main.matchAll(/^\s+(\S+) \((.+):(\d+)\)$/gm)].map(([, name = "", file = "", line]) => ({
    name: name === "<module>" ? "" : name,
    file,
    line: Number(line),
    column: null,
  }));
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch {
    // Not there: the SDK has not registered.
    return null;
  }
}

async function readFrom(path: string, position: number): Promise<string> {
  const file = await open(path, "r");
  try {
    const buffer = Buffer.alloc(readLimit);
    const { bytesRead } = await file.read(buffer, 0, readLimit, position);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
