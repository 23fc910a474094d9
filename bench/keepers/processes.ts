// What the kernel tells of processes. Agents and their children are found by a variable of their environment, wherever they
// have moved to and whoever has started them, also inside a container.

import { readdirSync, readFileSync } from "node:fs";

/** Set in this process, so that everything it starts inherits it and can be found and ended. */
export const runVariable = "KEEPERS_BENCH_RUN";
/** Set for each agent. */
export const agentVariable = "KEEPERS_BENCH_AGENT";

export interface Process {
  readonly pid: number;
  readonly command: string;
  readonly environment: string;
}

/** The pids of living processes whose environment holds exactly this. */
export function withVariable(variable: string, value: string): readonly Process[] {
  return processes().filter(({ environment }) => environment.includes(`\0${variable}=${value}\0`));
}

/** The agents' processes of one name, without what a keeper has put over them. */
export function processesOf(token: string): readonly Process[] {
  return withVariable(agentVariable, token).filter(({ command }) => !isShell(command));
}

/** The shell of Midwatch over an agent, which has the agent's environment. */
export function shellsOf(token: string): readonly Process[] {
  return withVariable(agentVariable, token).filter(({ command }) => isShell(command));
}

/** Between the program and the agent's own command line stands the name that Midwatch gives its shell. */
function isShell(command: string): boolean {
  return command.startsWith("/bin/sh\0-c\0") && command.includes("\0midwatch-agent\0");
}

export function processes(): readonly Process[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .map((pid) => ({ pid, command: read(pid, "cmdline"), environment: `\0${read(pid, "environ")}` }))
    .filter(({ command }) => command !== ""); // A zombie, a thread of the kernel, or gone meanwhile.
}

export function isAlive(pid: number): boolean {
  return read(pid, "cmdline") !== "";
}

/** Resident memory of all together, in bytes; pages that they share are counted for each. */
export function residentBytes(pids: readonly number[]): number {
  return sum(pids.map((pid) => Number(/^VmRSS:\s+(\d+) kB$/m.exec(read(pid, "status"))?.[1] ?? 0) * 1024));
}

/** Processor time of all together, in hundredths of a second, which is what Linux counts in. */
export function ticks(pids: readonly number[]): number {
  return sum(
    pids.map((pid) => {
      const stat = read(pid, "stat");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
    }),
  );
}

export function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone meanwhile.
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    // Gone meanwhile.
    return "";
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, one) => total + one, 0);
}
