import { readdirSync } from "node:fs";
import { totalmem } from "node:os";
import { check } from "../check.ts";
import { isContainer } from "../probes/container.ts";
import type { RunTool } from "../probes/run-tool.ts";
import { readSmallFile } from "../probes/small-file.ts";
import { bad, unchecked, worthKnowing, type Remark } from "../remark.ts";
import { spellBytes } from "../spell-bytes.ts";

export interface MachineFacts {
  /** "26.10.0" */
  readonly node: string;
  /** Null when it can't be told. */
  readonly openFiles: number | null;
  readonly agents: number;
  /** Null where the system does not tell. */
  readonly memory: { readonly total: number; readonly available: number; readonly swap: number } | null;
  readonly inContainer: boolean;
  /** Name of process 1; null when it can't be told. */
  readonly firstProcess: string | null;
  /** Ended processes that nobody has collected, left to process 1. */
  readonly zombies: number;
}

/** As `engines` of this package says. */
const oldestNode = 24;
/** A server and a supervisor, and for each agent its output, its receiver's connection and the evidence of a hang. */
const filesFor = (agents: number): number => 256 + 8 * agents;
const scarceBytes = 128 * 2 ** 20;
const smallBytes = 1_024 * 2 ** 20;
const manyZombies = 10;
/** Those that never collect what is left to them. */
const noInit = /^(?:node|npm|npx|sh|bash|dash|python[\d.]*|midwatch|MainThread)/;

export const machine = check<MachineFacts>({
  name: "machine",
  probe: async ({ config, runTool }) => ({
    node: process.versions.node,
    openFiles: await openFiles(runTool),
    agents: config.agents.length,
    memory: memory(),
    inContainer: isContainer(),
    firstProcess: readSmallFile("/proc/1/comm")?.trim() ?? null,
    zombies: zombies(),
  }),
  judge: (facts) => [...judgeNode(facts), ...judgeFiles(facts), ...judgeMemory(facts), ...judgeInit(facts)],
});

export function judgeNode({ node }: MachineFacts): readonly Remark[] {
  if (Number(node.split(".")[0]) >= oldestNode) return [];
  return [
    bad({
      title: `Node ${node} is too old`,
      why: `Midwatch needs Node ${oldestNode} or newer.`,
      fix: "Install a newer one from https://nodejs.org, for the user that Midwatch runs as.",
    }),
  ];
}

export function judgeFiles({ openFiles: limit, agents }: MachineFacts): readonly Remark[] {
  if (limit === null) return [unchecked("limit of open files", "this system does not tell it")];
  if (limit >= filesFor(agents)) return [];
  return [
    bad({
      title: `a process here may have only ${limit} files open`,
      why: `A connection counts as a file. With ${agents} agents Midwatch can need ${filesFor(agents)}; beyond the limit beats are refused and output is lost.`,
      fix: "In its unit:\n  [Service]\n  LimitNOFILE=65536\nIn a shell: `ulimit -n 65536` before it is started.",
    }),
  ];
}

export function judgeMemory({ memory: known }: MachineFacts): readonly Remark[] {
  if (known === null) return [unchecked("memory", "this system does not tell it")];
  const { total, available, swap } = known;
  if (swap > 0) return [];
  const fix =
    "Give it some, for the hour in which an agent grows:\n  sudo fallocate -l 2G /swapfile && sudo chmod 600 /swapfile\n  sudo mkswap /swapfile && sudo swapon /swapfile\nand add `/swapfile none swap sw 0 0` to /etc/fstab.";
  if (available < scarceBytes) {
    return [
      bad({
        title: `only ${spellBytes(available)} of memory is left, and there is no swap`,
        why: "The next process that asks for some is killed by the kernel, or makes it kill another: an agent, or Midwatch.",
        fix: `Stop what is not needed (\`ps aux --sort=-rss | head\`). ${fix}`,
      }),
    ];
  }
  if (total >= smallBytes) return [];
  return [
    worthKnowing({
      title: `this machine has ${spellBytes(total)} of memory and no swap`,
      why: "There is no time between tight and killed: the first agent that grows is ended by the kernel.",
      fix,
    }),
  ];
}

export function judgeInit({ inContainer, firstProcess, zombies: left }: MachineFacts): readonly Remark[] {
  const wrongInit = inContainer && firstProcess !== null && noInit.test(firstProcess);
  if (!wrongInit && left < manyZombies) return [];
  const words = {
    title: wrongInit
      ? `process 1 of this container (${firstProcess}) is no init`
      : `${left} ended processes were never collected by process 1`,
    why: "Children that an agent leaves behind fall to process 1. If that does not collect them they stay as zombies, until no process can be started any more.",
    fix: "Start the container with an init: `docker run --init …`, or `init: true` in the compose file.",
  };
  return [left >= manyZombies ? bad(words) : worthKnowing(words)];
}

/** Node raises its own limit to what it may, and so does the server; so the limit of this process is theirs. */
async function openFiles(runTool: RunTool): Promise<number | null> {
  const limits = readSmallFile("/proc/self/limits");
  const text =
    limits === null
      ? (await runTool("/bin/sh", ["-c", "ulimit -Hn"]))?.output.trim()
      : /^Max open files\s+\S+\s+(\S+)/m.exec(limits)?.[1];
  if (text === undefined) return null;
  return text === "unlimited" ? Infinity : Number(text);
}

/** Of the control group, if there is a narrower one than the machine. */
function memory(): MachineFacts["memory"] {
  const text = readSmallFile("/proc/meminfo");
  if (text === null) return null;
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) * 1_024;
  // Node answers with an absurdly large number, or 0, where there is no bound.
  const bound = process.constrainedMemory();
  const isBound = bound > 0 && bound < totalmem();
  return {
    total: isBound ? bound : totalmem(),
    available: isBound ? Math.min(process.availableMemory(), of("MemAvailable")) : of("MemAvailable"),
    swap: of("SwapTotal"),
  };
}

function zombies(): number {
  try {
    return readdirSync("/proc").filter((name) => /^\d+$/.test(name) && isLeftZombie(name)).length;
  } catch {
    // No such folder: this is no Linux.
    return 0;
  }
}

function isLeftZombie(pid: string): boolean {
  const [, state, parent] = /\) (\S) (\d+)/.exec(readSmallFile(`/proc/${pid}/stat`) ?? "") ?? [];
  return state === "Z" && parent === "1";
}
