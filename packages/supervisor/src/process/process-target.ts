// The process of one agent, from one run to the next: it is started or adopted, its output is kept, its end is told with
// the evidence, and it is stopped with everything it started. At most one run lives at a time: nothing is started
// before the last run's tree is gone.

import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Exit, Ms } from "@midwatch/core";
import type { EvidenceBundle } from "@midwatch/protocol";
import { fileNameOf } from "../durable-file.ts";
import { describeError } from "../failure.ts";
import type { StartedRun, StopReason } from "../journal/entry.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";
import type { RunOrder, RunStart, Sight, Target, TargetEvents } from "../target/target.ts";
import { argumentsOf, type Command } from "./command-line.ts";
import { forgetExitFile, readExitFile, type ProcessEnd } from "./exit-shim.ts";
import { isAlive, type ProcessIdentity } from "./identity.ts";
import { markerOf, type FoundRun } from "./marker.ts";
import type { OutOfMemoryWatch } from "./out-of-memory.ts";
import { OutputLog } from "./output-log.ts";
import { describeUnkillable, membersOf, stopTree, type ProcessTree } from "./stop-ladder.ts";
import { adoptProcess, pidOfAgent, startProcess, type WatchedProcess } from "./watched-process.ts";

/** What the process agents of one supervisor share. */
export interface ProcessWorld {
  readonly supervisorId: string;
  /** Where the output of all agents goes; exists. */
  readonly outputFolder: string;
  /** Where the status of each run is written down; exists. */
  readonly exitFolder: string;
  readonly outOfMemory: OutOfMemoryWatch;
  readonly now: () => Ms;
}

export interface ProcessTargetOptions extends TargetEvents {
  readonly agent: SupervisedAgent;
  readonly run: Command;
  readonly world: ProcessWorld;
  /** Its runs that live, from an earlier life of this supervisor; oldest first. */
  readonly found: readonly FoundRun[];
  readonly onOutput: ((chunk: Buffer) => void) | null;
  readonly takeEvidence: (run: {
    readonly runId: string;
    readonly why: "hung" | "overdue";
    readonly members: readonly ProcessIdentity[];
    readonly lastLines: () => Promise<readonly string[]>;
  }) => Promise<EvidenceBundle>;
}

const outputBytes = 10 * 2 ** 20;
/** What Node.js prints when it is asked for its stack; nothing the agent has said. */
const debuggerLine = "Debugger attached.";
/** What goes into an incident: enough for a stack trace, small enough for a message. */
const incidentLines = 20;

export class ProcessTarget implements Target {
  readonly what = "process";
  readonly outlivesSupervisor = false;
  readonly #options: ProcessTargetOptions;
  readonly #output: OutputLog;
  #watched: WatchedProcess | null = null;
  /** What may be left of the last run. */
  #tree: ProcessTree | null = null;
  /** The run whose end has been told, until that is written down. */
  #endedRun: string | null = null;
  #counter: string | null = null;
  /** Of the agent itself, under its shell. */
  #pid: number | null = null;
  #stopReason: StopReason | null = null;
  #summary: string | null = null;
  #ladder: Promise<readonly ProcessIdentity[]> | null = null;
  #hurry = new AbortController();
  #grantedUntil = 0;

  constructor(options: ProcessTargetOptions) {
    this.#options = options;
    const { agent, world, onOutput } = options;
    this.#output = new OutputLog({
      path: join(world.outputFolder, `${fileNameOf(agent.name)}.log`),
      maxBytes: outputBytes,
      onOutput,
    });
  }

  get isRunning(): boolean {
    return this.#watched !== null;
  }

  get stopReason(): StopReason | null {
    return this.#stopReason;
  }

  sight(): Promise<Sight> {
    return Promise.resolve({ found: this.#options.found, isAlive: ({ identity }) => isAlive(identity) });
  }

  async start({ runId, environment }: RunOrder): Promise<RunStart> {
    const { agent, run, world } = this.#options;
    const output = await this.#openOutput();
    try {
      const outcome = await startProcess({
        argv: argumentsOf(run),
        cwd: agent.cwd,
        environment,
        runId,
        marker: this.#markerOf(runId),
        exitFile: this.#exitFileOf(runId),
        output,
      });
      if (!outcome.ok) return outcome;
      const { identity } = outcome.process;
      this.#watch(outcome.process);
      this.#counter = world.outOfMemory.watch(identity.pid);
      this.#pid = await pidOfAgent(identity);
      return { ok: true, run: { runId, identity }, pid: this.#pid };
    } finally {
      await output?.close();
    }
  }

  #markerOf(runId: string): string {
    return markerOf(this.#options.world.supervisorId, runId);
  }

  #exitFileOf(runId: string): string {
    return join(this.#options.world.exitFolder, fileNameOf(runId));
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

  async adopt({ runId, identity }: Pick<StartedRun, "runId" | "identity">): Promise<number> {
    await this.#output.resume();
    this.#watch(adoptProcess({ runId, identity, marker: this.#markerOf(runId), exitFile: this.#exitFileOf(runId) }));
    this.#counter = this.#options.world.outOfMemory.watch(identity.pid);
    this.#pid = await pidOfAgent(identity);
    return this.#pid;
  }

  async endStray({ runId, identity }: Pick<StartedRun, "runId" | "identity">): Promise<void> {
    const { log, agent } = this.#options;
    log(`process ${identity.pid} of an earlier run still lives; it is stopped`);
    const tree = { identity, marker: this.#markerOf(runId) };
    const left = await stopTree(tree, { graceMs: agent.stopGraceMs, kill: false });
    if (left.length === 0) return;
    log(describeUnkillable(left));
    // Looked at again before a start, which it would make a second copy.
    this.#tree = { ...tree, stuck: left };
  }

  async remember({
    runId,
    identity,
  }: Pick<StartedRun, "runId" | "identity">): Promise<Pick<Exit, "code" | "signal" | "oom">> {
    this.#tree = { identity, marker: this.#markerOf(runId) };
    this.#endedRun = runId;
    return { ...(await readExitFile(this.#exitFileOf(runId))), oom: null };
  }

  #watch(watched: WatchedProcess): void {
    this.#watched = watched;
    this.#tree = { identity: watched.identity, marker: watched.marker };
    this.#stopReason = null;
    this.#summary = null;
    this.#hurry = new AbortController();
    this.#grantedUntil = 0;
    void watched.ended.then((end) => this.#ended(watched, end));
  }

  async #ended(watched: WatchedProcess, end: ProcessEnd): Promise<void> {
    const at = this.#options.world.now();
    const stoppedFor = this.#stopReason;
    const killed = stoppedFor === null && end.signal === "SIGKILL";
    const oom = killed ? this.#options.world.outOfMemory.claim(this.#counter, this.#pid) : null;
    await this.#output.look();
    const lastLines = [
      ...(this.#summary === null ? [] : [`[midwatch] when it was stopped: ${this.#summary}`]),
      ...this.#aboutDaemon(end, stoppedFor),
      ...(await this.lastLines(incidentLines)),
    ];
    // A later run has its own story.
    if (this.#watched === watched) this.#watched = null;
    this.#endedRun = watched.runId;
    this.#options.onEnded({ runId: watched.runId, at, exit: { ...end, stoppedFor, oom, lastLines } });
  }

  /** A program that forks itself into the background ends here at once and cannot be kept. */
  #aboutDaemon(end: ProcessEnd, stoppedFor: StopReason | null): readonly string[] {
    if (end.code !== 0 || stoppedFor !== null || this.#tree === null) return [];
    const left = membersOf(this.#tree).length;
    if (left === 0) return [];
    return [
      `[midwatch] it ended and left ${left} process${left === 1 ? "" : "es"} running, which ${left === 1 ? "is" : "are"} stopped: run it in the foreground, without a "daemon" option`,
    ];
  }

  stop(why: StopReason, { kill }: { readonly kill: boolean }): void {
    if (this.#watched === null) return;
    this.#stopReason = why;
    if (kill) this.#hurry.abort();
    this.#ladder ??= this.#climb(this.#watched, why).finally(() => (this.#ladder = null));
  }

  grant(ms: number): void {
    this.#grantedUntil = performance.now() + ms;
  }

  hurry(): void {
    this.#hurry.abort();
  }

  async #climb({ runId }: WatchedProcess, why: StopReason): Promise<readonly ProcessIdentity[]> {
    const tree = this.#tree;
    if (tree === null) return [];
    if (why === "hung" || why === "overdue") {
      const evidence = await this.#options.takeEvidence({
        runId,
        why,
        members: withoutShell(tree),
        lastLines: () => this.lastLines(200),
      });
      this.#summary = evidence.summary;
      this.#options.onEvidence(evidence);
    }
    const left = await this.#end(tree, why === "hung" ? 0 : this.#options.agent.stopAnnounceMs);
    const { identity } = tree;
    if (left.some(({ pid }) => pid === identity?.pid)) this.#options.onUnkillable(describeUnkillable(left));
    return left;
  }

  async #end(tree: ProcessTree, announceMs: number): Promise<readonly ProcessIdentity[]> {
    const { signal } = this.#hurry;
    const { stopGraceMs: graceMs, stopLimitMs: limitMs } = this.#options.agent;
    const grantedUntil = (): number => this.#grantedUntil;
    const ladder = { announceMs, graceMs, limitMs, grantedUntil, kill: signal.aborted, hurry: signal };
    const left = await stopTree(tree, ladder);
    if (this.#tree === tree) this.#tree = left.length === 0 ? null : { ...tree, stuck: left };
    return left;
  }

  async swept(): Promise<string | null> {
    if (this.#endedRun !== null) await forgetExitFile(this.#exitFileOf(this.#endedRun));
    this.#endedRun = null;
    const stopping = this.#ladder === null ? [] : await this.#ladder;
    const left = this.#tree === null ? stopping : await this.#end(this.#tree, 0);
    return left.length === 0 ? null : describeUnkillable(left);
  }

  /** Nobody else starts our processes. */
  hold(): Promise<void> {
    return Promise.resolve();
  }

  async lastLines(limit: number): Promise<readonly string[]> {
    const lines = await this.#output.lastLines(limit + 1);
    return lines.filter((line) => line !== debuggerLine).slice(-limit);
  }

  get isChatty(): boolean {
    return this.#output.isChatty;
  }

  look(): Promise<void> {
    return this.#output.look();
  }

  letGo(): void {
    this.#watched?.letGo();
  }
}

/** The agent's own processes: the shell over them only waits, and has nothing to tell. */
function withoutShell(tree: ProcessTree): readonly ProcessIdentity[] {
  const members = membersOf(tree);
  const own = members.filter(({ pid }) => pid !== tree.identity?.pid);
  return own.length > 0 ? own : members;
}
