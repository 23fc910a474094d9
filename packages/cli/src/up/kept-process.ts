// One of the two processes that `midwatch up` keeps running. Whatever ends it is answered by starting it again, sooner at
// first and later when it keeps dying; only a refusal at its very first start ends the matter, since a person is there to
// read why. It runs in a group of its own, so that Ctrl-C reaches the parent alone, and the parent can stop the two in
// the right order.

import { spawn, type ChildProcess } from "node:child_process";
import { spellDuration } from "@midwatch/core";
import type { ChildMessage } from "./message.ts";
import { smallHeap } from "./small-heap.ts";

const firstDelayMs = 500;
const longestDelayMs = 30_000;
/** One that ran this long died of something new. */
const steadyAfterMs = 60_000;

export interface KeptProcessOptions {
  /** What people call it: "server" or "supervisor". */
  readonly name: string;
  readonly args: readonly string[];
  readonly onReady: (message: ChildMessage) => void;
  /** It will not be started again; the status to end with. */
  readonly onRefused: (status: number) => void;
  readonly log: (line: string) => void;
}

export class KeptProcess {
  readonly #options: KeptProcessOptions;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | null = null;
  #delayMs = firstDelayMs;
  #isReady = false;
  #stopping = false;

  constructor(options: KeptProcessOptions) {
    this.#options = options;
  }

  start(): void {
    const { args, onReady } = this.#options;
    const [script = ""] = process.argv.slice(1);
    const startedAt = performance.now();
    const child = spawn(process.execPath, [...smallHeap, ...process.execArgv, script, ...args], {
      detached: true,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child = child;
    child.on("message", (message) => {
      this.#isReady = true;
      // Our own child, running our own code.
      onReady(message as ChildMessage);
    });
    child.on("error", (error) => this.#failed(child, error));
    child.on("exit", (code, signal) => this.#ended({ code, signal, ranMs: performance.now() - startedAt }));
  }

  /** Of its present life; null between two. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Asks it to end and waits; after `graceMs` it is made to. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    if (this.#timer) clearTimeout(this.#timer);
    const child = this.#child;
    if (!child) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#options.log(`the ${this.#options.name} did not end within ${spellDuration(graceMs)} and is killed`);
        child.kill("SIGKILL");
      }, graceMs);
      child.once("exit", () => {
        clearTimeout(timer);
        resolve();
      });
      child.kill("SIGTERM");
    });
  }

  /** Somebody insists: the child is told so, too. */
  hurry(): void {
    this.#child?.kill("SIGTERM");
  }

  /** Without a pid there was never a process, and nobody will tell of its end. */
  #failed(child: ChildProcess, error: Error): void {
    const { name, log } = this.#options;
    if (child.pid !== undefined) return log(`the ${name} does not hear us: ${error.message}`);
    this.#child = null;
    if (!this.#stopping) this.#startAgain(`the ${name} could not be started: ${error.message}`);
  }

  #ended({ code, signal, ranMs }: { code: number | null; signal: NodeJS.Signals | null; ranMs: number }): void {
    this.#child = null;
    if (this.#stopping) return;
    const { name, onRefused } = this.#options;
    // What refuses before it ever worked has said why, and a person is looking. Later nobody is, so it is tried for ever.
    if (!this.#isReady && code !== null) {
      onRefused(code);
      return;
    }
    if (ranMs > steadyAfterMs) this.#delayMs = firstDelayMs;
    const how = signal === null ? `with status ${String(code)}` : `by ${signal}`;
    this.#startAgain(`the ${name} ended ${how}`);
  }

  #startAgain(why: string): void {
    this.#options.log(`${why}; it is started again in ${spellDuration(this.#delayMs)}`);
    this.#timer = setTimeout(() => this.start(), this.#delayMs);
    this.#delayMs = Math.min(longestDelayMs, this.#delayMs * 2);
  }
}
