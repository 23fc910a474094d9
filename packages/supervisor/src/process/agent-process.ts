// The process of one agent, from one run to the next: it is started or adopted, its output is kept, its end is told with
// the evidence, and it is stopped with everything it started. At most one run lives at a time: nothing is started
// before the last run's tree is gone.

import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Exit, Ms } from "@midwatch/core";
import { fileNameOf } from "../durable-file.ts";
import { describeError } from "../failure.ts";
import type { StartedRun, StopReason } from "../journal/entry.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";
import { argumentsOf } from "./command-line.ts";
import { describeHungProcess } from "./evidence.ts";
import { isAlive, type ProcessIdentity } from "./identity.ts";
import { markerOf } from "./marker.ts";
import type { OutOfMemoryWatch } from "./out-of-memory.ts";
import { OutputLog } from "./output-log.ts";
import { describeUnkillable, stopTree, type ProcessTree } from "./stop-ladder.ts";
import {
  adoptProcess,
  startProcess,
  type ProcessEnd,
  type StartOutcome,
  type WatchedProcess,
} from "./watched-process.ts";

export interface AgentProcessOptions {
  readonly agent: SupervisedAgent;
  readonly supervisorId: string;
  /** Where the output of all agents goes; exists. */
  readonly outputFolder: string;
  readonly outOfMemory: OutOfMemoryWatch;
  readonly onOutput: ((chunk: Buffer) => void) | null;
  readonly now: () => Ms;
  /** The main process has ended. What it started may still live: `swept` tells. */
  readonly onEnded: (end: RunEnd) => void;
  /** The main process could not be ended by any signal; `why` is for a person. */
  readonly onUnkillable: (why: string) => void;
  readonly log: (line: string) => void;
}

export interface RunEnd {
  readonly runId: string;
  readonly at: Ms;
  readonly exit: Exit;
}

const outputBytes = 10 * 2 ** 20;

export class AgentProcess {
  readonly #options: AgentProcessOptions;
  readonly #output: OutputLog;
  #watched: WatchedProcess | null = null;
  /** What may be left of the last run. */
  #tree: ProcessTree | null = null;
  #counter: string | null = null;
  #stopReason: StopReason | null = null;
  #evidence: readonly string[] = [];
  #ladder: Promise<readonly ProcessIdentity[]> | null = null;
  #hurry = new AbortController();

  constructor(options: AgentProcessOptions) {
    this.#options = options;
    this.#output = new OutputLog({
      path: join(options.outputFolder, `${fileNameOf(options.agent.name)}.log`),
      maxBytes: outputBytes,
      onOutput: options.onOutput,
    });
  }

  get isRunning(): boolean {
    return this.#watched !== null;
  }

  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  /** Starts a run; the last one's tree must be gone (`swept`). */
  async start(runId: string, environment: Record<string, string>): Promise<StartOutcome> {
    const { agent, supervisorId } = this.#options;
    const output = await this.#openOutput();
    try {
      const outcome = await startProcess({
        argv: argumentsOf(agent.run),
        cwd: agent.cwd,
        environment,
        runId,
        marker: markerOf(supervisorId, runId),
        output,
      });
      if (outcome.ok) this.#watch(outcome.process);
      return outcome;
    } finally {
      await output?.close();
    }
  }

  async #openOutput(): Promise<FileHandle | null> {
    try {
      return await this.#output.openForRun();
    } catch (error) {
      this.#options.log(
        `its output is thrown away, because ${this.#output.path} cannot be opened: ${describeError(error)}`,
      );
      return null;
    }
  }

  /** Takes over a living run of an earlier life of this supervisor. */
  async adopt({ runId, identity }: Pick<StartedRun, "runId" | "identity">): Promise<void> {
    await this.#output.resume();
    this.#watch(adoptProcess({ runId, identity, marker: markerOf(this.#options.supervisorId, runId) }));
  }

  /** Ends a run that should have ended long ago, before another is started beside it. */
  async endStray({ runId, identity }: Pick<StartedRun, "runId" | "identity">): Promise<void> {
    const { log, supervisorId, agent } = this.#options;
    log(`process ${identity.pid} of an earlier run still lives; it is stopped`);
    const tree = { identity, marker: markerOf(supervisorId, runId) };
    const left = await stopTree(tree, { graceMs: agent.stopGraceMs, kill: false });
    if (left.length > 0) log(describeUnkillable(left));
  }

  /** A run that has ended unseen may have left children. */
  remember({ runId, identity }: Pick<StartedRun, "runId" | "identity">): void {
    this.#tree = { identity, marker: markerOf(this.#options.supervisorId, runId) };
  }

  #watch(watched: WatchedProcess): void {
    this.#watched = watched;
    this.#tree = { identity: watched.identity, marker: watched.marker };
    this.#counter = this.#options.outOfMemory.watch(watched.identity.pid);
    this.#stopReason = null;
    this.#evidence = [];
    this.#hurry = new AbortController();
    void watched.ended.then((end) => this.#ended(watched, end));
  }

  async #ended(watched: WatchedProcess, end: ProcessEnd): Promise<void> {
    const at = this.#options.now();
    const stoppedFor = this.#stopReason;
    const killed = end.signal === "SIGKILL" || end.code === 137;
    const oom = stoppedFor === null && killed ? this.#options.outOfMemory.claim(this.#counter) : null;
    await this.#output.look();
    const lastLines = [...this.#evidence, ...(await this.#output.lastLines())];
    // A later run has its own story.
    if (this.#watched === watched) this.#watched = null;
    this.#options.onEnded({ runId: watched.runId, at, exit: { ...end, stoppedFor, oom, lastLines } });
  }

  /** Begins to end the running tree, or does so faster with `kill`. The newest reason is the one that counts. */
  stop(why: StopReason, { kill }: { readonly kill: boolean }): void {
    if (this.#watched === null) return;
    this.#stopReason = why;
    if (kill) this.#hurry.abort();
    this.#ladder ??= this.#climb(why).finally(() => (this.#ladder = null));
  }

  /** Waits no longer for what is being stopped. */
  hurry(): void {
    this.#hurry.abort();
  }

  async #climb(why: StopReason): Promise<readonly ProcessIdentity[]> {
    const tree = this.#tree;
    if (tree === null) return [];
    if (why === "hung" && tree.identity) this.#evidence = await describeHungProcess(tree.identity);
    for (const line of this.#evidence) this.#options.log(line.replace(/^\[midwatch\] /, ""));
    const left = await this.#end(tree);
    const { identity } = tree;
    if (left.some(({ pid }) => pid === identity?.pid)) this.#options.onUnkillable(describeUnkillable(left));
    return left;
  }

  async #end(tree: ProcessTree): Promise<readonly ProcessIdentity[]> {
    const { signal } = this.#hurry;
    const graceMs = this.#options.agent.stopGraceMs;
    const left = await stopTree(tree, { graceMs, kill: signal.aborted, hurry: signal });
    if (left.length === 0 && this.#tree === tree) this.#tree = null;
    return left;
  }

  /** Ends what is left of the last run; resolves to a sentence when something cannot be ended, else to null. */
  async swept(): Promise<string | null> {
    const stopping = this.#ladder === null ? [] : await this.#ladder;
    const left = this.#tree === null ? stopping : await this.#end(this.#tree);
    return left.length === 0 ? null : describeUnkillable(left);
  }

  /** True while the main process lives. */
  get isAlive(): boolean {
    return this.#watched !== null && isAlive(this.#watched.identity);
  }

  /** The last lines printed. */
  lastLines(): Promise<readonly string[]> {
    return this.#output.lastLines();
  }

  /** Passes on new output and keeps its file in bounds. */
  look(): Promise<void> {
    return this.#output.look();
  }

  /** Watches no more and lets the process live. */
  letGo(): void {
    this.#watched?.letGo();
  }
}
