import { spawn, type ChildProcess } from "node:child_process";
import { clearTimeout, setTimeout } from "node:timers";
import type { DurationMs } from "@midwatch/core";

/*
 * Runs a program once, to its end or to its bound. It leads a process group of its own, so that what it starts ends with it: nothing of
 * a notification is left running when its outcome is known. There is no TERM before the KILL. Who is stopping has no time left, and
 * who has run over its time has had it.
 */

export interface Program {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Written to its standard input, which is then closed. */
  readonly input: string;
  readonly timeoutMs: DurationMs;
  readonly signal: AbortSignal;
}

export type ProgramEnd =
  | { readonly how: "exited"; readonly code: number; readonly said: string }
  | { readonly how: "killed"; readonly by: NodeJS.Signals; readonly said: string }
  /** `code` of the system: "ENOENT", "EACCES". */
  | { readonly how: "not started"; readonly code: string }
  | { readonly how: "timed out" | "interrupted" };

/** What is kept of its standard error: the end, where the reason stands. */
const maxSaidBytes = 8_192;
/** After its end the pipe is empty in no time, unless somebody else holds it. */
const lastWordsMs = 200;

export function runProgram({
  command: [file = "", ...rest],
  env,
  input,
  timeoutMs,
  signal,
}: Program): Promise<ProgramEnd> {
  if (signal.aborted) return Promise.resolve({ how: "interrupted" });
  return new Promise((resolve) => {
    const child = spawn(file, rest, { env, detached: true, stdio: ["pipe", "ignore", "pipe"] });
    let said = Buffer.alloc(0);
    let reason: "timed out" | "interrupted" | null = null;
    const stop = (why: "timed out" | "interrupted"): void => {
      reason ??= why;
      killGroup(child);
    };
    const timer = setTimeout(() => stop("timed out"), timeoutMs);
    const onAbort = (): void => stop("interrupted");
    signal.addEventListener("abort", onAbort, { once: true });
    const end = (how: ProgramEnd): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      child.stdin.destroy();
      child.stderr.destroy();
      resolve(how);
    };

    child.stderr.on("data", (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]).subarray(-maxSaidBytes);
    });
    // Many a program does not read its input; that is no failure.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    child.on("error", (error: NodeJS.ErrnoException) =>
      end({ how: "not started", code: error.code ?? "unknown error" }),
    );
    child.on("exit", (code, by) => {
      killGroup(child);
      const tell = (): void => {
        clearTimeout(patience);
        const words = said.toString("utf8");
        if (reason !== null) end({ how: reason });
        else if (by === null) end({ how: "exited", code: code ?? 0, said: words });
        else end({ how: "killed", by, said: words });
      };
      // For what it wrote last. Something that left the group may hold the pipe for as long as it likes.
      child.once("close", tell);
      const patience = setTimeout(tell, lastWordsMs);
    });
  });
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}
