// Whether a process was killed because memory ran out. A SIGKILL (or status 137) proves nothing: anybody can send one.
// There are two witnesses, and the better one is asked first:
//
// | witness | says | so it is |
// |---|---|---|
// | the kernel's log | a kill of the agent's main process | certain |
// | the kernel's log | a kill, just now, of a process that the agent had started | likely: a script ends with its program's status |
// | the counter of the control group | a kill, just now, that the log (where it can be read) ascribes to nobody else | likely |
//
// A group may hold many agents, so a counter that rose is not enough while the log names another. "Just now" means since
// the last look but one; looks are a second apart.

import type { OutOfMemory } from "@midwatch/core";
import { childrenOf, identify, isAlive, onLinux, type ProcessIdentity } from "./identity.ts";
import { KernelLog, type OomKill } from "./kernel-log.ts";
import { OomCounters } from "./oom-counters.ts";

interface WatchedRun {
  /** Of the control group; null where there is none. */
  readonly counter: string | null;
  /** Where the kernel's log ended when the run was first seen: what stands before is about others. */
  readonly position: number;
  readonly shell: ProcessIdentity | null;
  /** The agent itself, under its shell; null until a look has seen it. */
  agent: number | null;
  /** What that has started, as far as looks have seen it. */
  readonly started: Set<number>;
  looksSinceGone: number;
}

interface SeenKill extends OomKill {
  readonly look: number;
}

const maxKills = 200;
const maxStarted = 200;
/** The end of a run is asked about at once, or never. */
const forgetAfterLooks = 60;

/** Remembers what the kernel tells of out-of-memory kills around the agents' processes. */
export class OutOfMemoryWatch {
  readonly #log: KernelLog | null;
  readonly #counters = new OomCounters();
  readonly #runs = new Map<string, WatchedRun>();
  #kills: readonly SeenKill[] = [];
  #look = 0;

  constructor(log: KernelLog | null = KernelLog.open()) {
    this.#log = log;
  }

  /** Begins to watch a run, by the pid of the shell over it; returns what to claim by, or null where nothing can be known. */
  watch(pid: number): string | null {
    if (!onLinux) return null;
    this.#readLog();
    const counter = this.#counters.watch(pid);
    if (counter === null && this.#log === null) return null;
    const position = this.#log?.position ?? 0;
    const token = `${pid}@${position}`;
    const started = new Set<number>();
    this.#runs.set(token, { counter, position, shell: identify(pid), agent: null, started, looksSinceGone: 0 });
    return token;
  }

  /** Reads everything anew; called every second. */
  look(): void {
    this.#look += 1;
    this.#readLog();
    this.#counters.look();
    for (const [token, run] of this.#runs) {
      if (run.shell !== null && isAlive(run.shell)) lookAtProcesses(run, run.shell.pid);
      else run.looksSinceGone += 1;
      if (run.looksSinceGone > forgetAfterLooks) this.#runs.delete(token);
    }
  }

  #readLog(): void {
    const fresh = this.#log?.read() ?? [];
    if (fresh.length === 0) return;
    this.#kills = [...this.#kills, ...fresh.map((kill) => ({ ...kill, look: this.#look }))].slice(-maxKills);
  }

  /** Whether memory ran out for that run, which ended by SIGKILL; null when nothing says so. `agent` is its pid, where known. */
  claim(token: string | null, agent: number | null = null): OutOfMemory | null {
    const run = token === null ? undefined : this.#runs.get(token);
    if (token === null || run === undefined) return null;
    this.#runs.delete(token);
    this.#readLog();
    return this.#claimFromLog(run, [run.shell?.pid, run.agent, agent]) ?? this.#claimFromCounter(run);
  }

  #claimFromLog(run: WatchedRun, main: readonly (number | null | undefined)[]): OutOfMemory | null {
    const since = this.#kills.filter(({ sequence }) => sequence > run.position);
    const own = since.find(({ pid }) => main.includes(pid));
    const named = own ?? since.find((kill) => run.started.has(kill.pid) && this.#isRecent(kill));
    if (named === undefined) return null;
    this.#kills = this.#kills.filter((kill) => kill !== named);
    this.#counters.take(run.counter);
    return named === own
      ? { confidence: "certain", seen: "the kernel's log names it" }
      : { confidence: "likely", seen: "the kernel's log names a process it had started, killed as it died" };
  }

  #claimFromCounter(run: WatchedRun): OutOfMemory | null {
    // Of a run that no look has seen it is not known what it had started: an unknown name may be one of its own.
    const ofOthers = this.#kills.filter(
      (kill) => this.#isRecent(kill) && (run.agent !== null || this.#isOfWatched(kill)),
    );
    if (this.#counters.rise(run.counter) <= ofOthers.length) return null;
    this.#counters.take(run.counter);
    return { confidence: "likely", seen: "the out-of-memory counter of its control group rose as it died" };
  }

  #isRecent({ look }: SeenKill): boolean {
    return look >= this.#look - 1;
  }

  #isOfWatched({ pid }: SeenKill): boolean {
    return [...this.#runs.values()].some(
      ({ shell, agent, started }) => pid === shell?.pid || pid === agent || started.has(pid),
    );
  }

  close(): void {
    this.#log?.close();
  }
}

/** The dead have no children to tell of, so what was seen while they lived is kept. */
function lookAtProcesses(run: WatchedRun, shell: number): void {
  run.agent ??= childrenOf(shell)[0] ?? null;
  const open = run.agent === null ? [] : [run.agent];
  for (let visited = 0; visited < maxStarted; visited += 1) {
    const parent = open.shift();
    if (parent === undefined) break;
    for (const pid of childrenOf(parent)) {
      open.push(pid);
      run.started.delete(pid);
      run.started.add(pid);
    }
  }
  for (const longestUnseen of run.started) {
    if (run.started.size <= maxStarted) break;
    run.started.delete(longestUnseen);
  }
}
