import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/** A benchmark's other process: a server to be measured, or the one that puts load on it. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;

  /** `file` is beside this one; `nodeArgs` are for Node itself, such as `--cpu-prof`. */
  constructor(file: string, nodeArgs: readonly string[] = []) {
    const path = fileURLToPath(new URL(file, import.meta.url));
    this.#process = fork(path, [], { execArgv: [...process.execArgv, ...nodeArgs], stdio: ["ignore", 2, 2, "ipc"] });
  }

  /** Sends a message and waits for the one answer to it. Rejects when the process ends first, or after `withinMs`. */
  async ask<T>(message: object | string, withinMs = 60_000): Promise<T> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(withinMs)]);
    const answered = once(this.#process, "message", { signal });
    const ended = once(this.#process, "exit", { signal }).then(([code]) => {
      throw new Error(`the benchmark's process ended with ${String(code)} before it answered`);
    });
    try {
      this.#process.send(message);
      const [answer] = (await Promise.race([answered, ended])) as [T];
      return answer;
    } finally {
      answered.catch(() => undefined);
      ended.catch(() => undefined);
      over.abort();
    }
  }

  /** Lets the process end, and ends it when it does not. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.disconnect();
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    await exited;
    clearTimeout(timer);
  }
}

/** In the other process: answers messages, one at a time, until the parent lets go or dies. */
export function answerParent(
  answer: (message: unknown) => Promise<object>,
  stop: () => Promise<void> = () => Promise.resolve(),
): void {
  process.on("message", (message) => void answer(message).then((reply) => process.send?.(reply)));
  process.on("disconnect", () => void stop().finally(() => process.exit()));
}
