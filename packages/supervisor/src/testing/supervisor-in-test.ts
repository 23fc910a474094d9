// A supervisor for tests, with real processes in a folder of its own; when the test ends it is stopped, and the test
// fails if any process of it is left.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Notice } from "../fallback/notice.ts";
import { childrenOf } from "../process/identity.ts";
import { findMarkedBy, findRuns } from "../process/marker.ts";
import type { Command } from "../process/command-line.ts";
import type { RunningSupervisor, SupervisorOptions } from "../running-supervisor.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";
import { startSupervisor } from "../supervisor.ts";

export interface SupervisorInTest {
  readonly running: RunningSupervisor;
  readonly log: string[];
  readonly notices: Notice[];
}

const loopAgent = fileURLToPath(new URL("loop-agent.ts", import.meta.url));

/** The command of a loop agent with these arguments. */
export function loop(...args: readonly string[]): readonly string[] {
  return [process.execPath, loopAgent, ...args];
}

export function agentIn(
  folder: string,
  { run = loop(), ...more }: Partial<SupervisedAgent> & { readonly run?: Command } = {},
): SupervisedAgent {
  return {
    name: "bot",
    target: { platform: "process", run },
    cwd: folder,
    env: {},
    tags: [],
    state: { files: [], validate: null, validateTimeoutMs: 30_000, onInvalid: "restore" },
    after: [],
    isReported: true,
    liveness: "beats",
    intervalMs: 60_000,
    missedLimit: 2,
    restart: "always",
    cooldownMs: 5 * 60_000,
    maxRestarts: 3,
    maxRestartsPerDay: 6,
    probationMs: 10 * 60_000,
    startupMs: 2 * 60_000,
    stopAnnounceMs: 0,
    stopGraceMs: 5_000,
    stopLimitMs: 300_000,
    budget: {},
    onRunaway: "page",
    detector: "on",
    stuckCycles: null,
    ...more,
  };
}

const supervisors = new Map<string, RunningSupervisor[]>();

/** An empty folder; at the end of the test its supervisors are stopped, and it is removed. */
export async function folderFor(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "midwatch-supervisor-"));
  supervisors.set(folder, []);
  t.after(async () => {
    for (const running of supervisors.get(folder) ?? []) await running.stop({ agents: "stop" });
    const left = everyProcessOf(folder);
    for (const pid of left) process.kill(pid, "SIGKILL");
    await rm(folder, { recursive: true, force: true });
    assert.deepEqual(left, [], "processes were left behind");
  });
  return folder;
}

export async function supervise(folder: string, more: Partial<SupervisorOptions> = {}): Promise<SupervisorInTest> {
  const log: string[] = [];
  const notices: Notice[] = [];
  const running = await startSupervisor({
    folder: join(folder, "supervisor"),
    agents: [agentIn(folder)],
    server: null,
    notifier: {
      notify: (notice) => {
        notices.push(notice);
        return Promise.resolve();
      },
    },
    log: (line) => log.push(line),
    ...more,
  });
  supervisors.get(folder)?.push(running);
  return { running, log, notices };
}

/** Pids of all living processes of the agents of this folder, their children included; the main one first. */
export function processesOf(folder: string): readonly number[] {
  return everyProcessOf(folder).filter((pid) => !isShell(pid));
}

/** The shell over an agent, which only waits for it. */
function isShell(pid: number): boolean {
  return (
    existsSync(`/proc/${pid}/cmdline`) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("\0midwatch-agent\0")
  );
}

function everyProcessOf(folder: string): readonly number[] {
  const id = join(folder, "supervisor", "supervisor-id");
  return existsSync(id) ? findMarkedBy(readFileSync(id, "utf8").trim()).map(({ pid }) => pid) : [];
}

/** The main process of one of the agents. */
export function pidOf(folder: string, agent: string): number {
  const id = readFileSync(join(folder, "supervisor", "supervisor-id"), "utf8").trim();
  const run = findRuns(id).find((one) => one.agent === agent);
  if (!run) throw new Error(`${agent} does not run`);
  return childrenOf(run.identity.pid)[0] ?? run.identity.pid;
}

/** What the agent has printed so far. */
export function outputOf(folder: string, agent = "bot"): string {
  const path = join(folder, "supervisor", "output", `${agent}.log`);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** The names of its runs, in order, as the agent itself printed them. */
export function runsOf(folder: string, agent = "bot"): readonly string[] {
  return [...outputOf(folder, agent).matchAll(/^run (\S+) begins/gm)].map(([, run]) => run ?? "");
}

/** How many beats of its newest run have been answered, as the agent itself printed them. */
export function beatsOf(folder: string, agent = "bot"): number {
  const newest = outputOf(folder, agent).split(" begins;").at(-1) ?? "";
  return [...newest.matchAll(/^beat \d+ answered 200/gm)].length;
}
