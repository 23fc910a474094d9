import { spawn, type ChildProcessByStdio } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Readable } from "node:stream";

export type Child = ChildProcessByStdio<null, Readable, Readable>;

/** How Node is told to run a program of this folder. */
export function nodeArguments(program: string, ...given: string[]): string[] {
  const file = fileURLToPath(new URL(program, import.meta.url));
  return ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning", file, ...given];
}

/** Starts a program of this folder as a process of its own. */
export function startProgram(program: string, ...given: string[]): Child {
  return spawn(process.execPath, nodeArguments(program, ...given), { stdio: ["ignore", "pipe", "pipe"] });
}

export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** Waits for the end of a process and of its output. */
export async function ended(child: Child): Promise<Ended> {
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-4_000);
  });
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  child.once("error", reject);
  child.once("close", (status, signal) => {
    resolve({ status, signal, stderr });
  });
  return promise;
}
