// Runs a program for its answer: never longer than its caller waits, never more of its output than the end of it.

import { spawn } from "node:child_process";

export interface CommandAnswer {
  /** Null when it was ended by a signal. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const keptBytes = 256 * 1024;

/** Rejects with the system's error when it cannot be run, and with an `AbortError` when it took too long; it is killed then. */
export function runBounded(
  argv: readonly string[],
  { env, limit }: { readonly env: Readonly<Record<string, string | undefined>>; readonly limit: AbortSignal },
): Promise<CommandAnswer> {
  const [program = "", ...args] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<CommandAnswer>();
  const child = spawn(program, args, {
    env,
    stdio: ["ignore", "pipe", "pipe"],
    signal: limit,
    killSignal: "SIGKILL",
  });
  const stdout = new Tail();
  const stderr = new Tail();
  child.stdout.on("data", (chunk: Buffer) => stdout.add(chunk));
  child.stderr.on("data", (chunk: Buffer) => stderr.add(chunk));
  child.once("error", reject);
  child.once("close", (status) => resolve({ status, stdout: stdout.text, stderr: stderr.text }));
  return promise;
}

class Tail {
  #kept = Buffer.alloc(0);

  add(chunk: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, chunk]);
    if (this.#kept.length > 2 * keptBytes) this.#kept = this.#kept.subarray(-keptBytes);
  }

  get text(): string {
    return this.#kept.subarray(-keptBytes).toString("utf8");
  }
}
