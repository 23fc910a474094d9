// What the processes of a run do with the processor, from two looks half a second apart: a loop that spins and a call that
// waits for ever are both "hung", and the difference is the first thing a person asks. Taken before anything that wakes or
// halts them (the debugger does both).

import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { onLinux, type ProcessIdentity } from "../process/identity.ts";
import { listSystemFolder, readSystemFile } from "./proc-file.ts";

export interface Activity {
  readonly identity: ProcessIdentity;
  readonly parent: number | null;
  /** The name of the command, at most 15 characters on Linux. */
  readonly name: string;
  /** As in `ps`: R, S, D, T, …; the second look's. */
  readonly state: string;
  /** Of one processor; null where the system does not tell. */
  readonly percent: number | null;
  readonly busiestThread: { readonly name: string; readonly percent: number } | null;
  readonly doing: Doing;
}

/** `in-kernel`: in an uninterruptible wait at both looks. */
export type Doing = "spinning" | "waiting" | "halted" | "in-kernel";

/** Between the two looks; shorter, and the tick of 10 ms blurs the figure. */
const betweenMs = 600;
/** Of the time in which it ran or was ready to: on a busy machine a loop gets less than it wants. */
const spinsFromPercent = 50;
/** Where the system does not count the time it was ready: found ready at both looks, and it got at least this. */
const readyFromPercent = 5;
const threadsLooked = 64;
/** Linux shows every user the same 100 ticks a second, whatever the kernel was built with. */
const msPerTick = 10;

/** Takes about 0.6 s. A process that is gone by the second look is left out. */
export async function watchActivity(members: readonly ProcessIdentity[]): Promise<readonly Activity[]> {
  if (members.length === 0) return [];
  if (!onLinux) return watchByPs(members);
  const before = await Promise.all(members.map(lookAt));
  const since = performance.now();
  await pause(betweenMs);
  const after = await Promise.all(members.map(lookAt));
  const passedMs = performance.now() - since;
  return members.flatMap((identity, index) => {
    const first = before[index];
    const second = after[index];
    return first && second ? [compare(identity, first, second, passedMs)] : [];
  });
}

interface Look {
  readonly own: Stat;
  readonly threads: ReadonlyMap<string, Stat>;
}

interface Stat {
  readonly name: string;
  readonly state: string;
  readonly parent: number;
  readonly ticks: number;
  /** Time run and time ready to run so far; null where the kernel does not count it. */
  readonly wantedMs: number | null;
  readonly startTime: string;
}

async function lookAt(identity: ProcessIdentity): Promise<Look | null> {
  const folder = `/proc/${identity.pid}`;
  const own = await readStat(folder);
  if (own?.startTime !== identity.startTime) return null;
  const threads = new Map<string, Stat>();
  const ids = (await listSystemFolder(`${folder}/task`)) ?? [];
  await Promise.all(
    ids.slice(0, threadsLooked).map(async (id) => {
      const stat = await readStat(`${folder}/task/${id}`);
      if (stat) threads.set(id, stat);
    }),
  );
  return { own, threads };
}

/** The command's name stands in parentheses and may hold anything; the fields after the last one are plain. */
async function readStat(folder: string): Promise<Stat | null> {
  const [text, scheduled] = await Promise.all([
    readSystemFile(`${folder}/stat`),
    readSystemFile(`${folder}/schedstat`),
  ]);
  if (text === null) return null;
  const end = text.lastIndexOf(")");
  const fields = text.slice(end + 2).split(" ");
  const [state, parent] = fields;
  const startTime = fields[19];
  if (state === undefined || parent === undefined || startTime === undefined) return null;
  return {
    name: text.slice(text.indexOf("(") + 1, end),
    state,
    parent: Number(parent),
    ticks: Number(fields[11]) + Number(fields[12]),
    wantedMs: wantedMsOf(scheduled),
    startTime,
  };
}

/** Nanoseconds run, nanoseconds waited for a processor, turns. */
function wantedMsOf(schedstat: string | null): number | null {
  const [, ran, waited] = /^(\d+) (\d+) \d+/.exec(schedstat ?? "") ?? [];
  return ran === undefined || waited === undefined ? null : (Number(ran) + Number(waited)) / 1e6;
}

function compare(identity: ProcessIdentity, before: Look, after: Look, passedMs: number): Activity {
  const { state, parent, name } = after.own;
  const percent = percentOf(before.own, after.own, passedMs);
  const pairs = [...after.threads].map(([id, now]) => ({ now, then: before.threads.get(id) ?? now }));
  const busiest = pairs
    .map(({ now, then }) => ({ name: now.name, percent: percentOf(then, now, passedMs) }))
    .toSorted((a, b) => b.percent - a.percent)[0];
  const spins = percent >= spinsFromPercent || pairs.some(({ now, then }) => wantsTheProcessor(then, now, passedMs));
  return {
    identity,
    parent,
    name,
    state,
    percent,
    busiestThread: busiest && busiest.percent > 0 ? busiest : null,
    doing: doingOf([before.own.state, state], spins),
  };
}

function percentOf(before: Stat, after: Stat, passedMs: number): number {
  return Math.round(((after.ticks - before.ticks) * msPerTick * 100) / passedMs);
}

function wantsTheProcessor(before: Stat, after: Stat, passedMs: number): boolean {
  if (before.wantedMs !== null && after.wantedMs !== null)
    return ((after.wantedMs - before.wantedMs) * 100) / passedMs >= spinsFromPercent;
  return before.state === "R" && after.state === "R" && percentOf(before, after, passedMs) >= readyFromPercent;
}

function doingOf(states: readonly string[], spins: boolean): Doing {
  if (states.at(-1) === "T" || states.at(-1) === "t") return "halted";
  if (spins) return "spinning";
  return states.every((state) => state === "D" || state === "U") ? "in-kernel" : "waiting";
}

/** Elsewhere `ps` tells: its percentage is of the last seconds, or of the whole life, as the system likes it. */
export async function watchByPs(members: readonly ProcessIdentity[]): Promise<readonly Activity[]> {
  const pids = members.map(({ pid }) => pid).join(",");
  const { stdout } = await promisify(execFile)("ps", ["-o", "pid=,ppid=,stat=,%cpu=,comm=", "-p", pids], {
    timeout: 2_000,
  });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, state = "", share, command = ""] =
      /^\s*(\d+)\s+(\d+)\s+(\S)\S*\s+([\d.,]+)\s+(.+)$/.exec(line) ?? [];
    const identity = members.find((member) => member.pid === Number(pid));
    if (!identity) return [];
    const percent = Math.round(Number(share?.replace(",", ".")));
    const name = command.trim().split("/").at(-1) ?? "";
    const spins = percent >= spinsFromPercent || (state === "R" && percent >= readyFromPercent);
    const doing = doingOf([state], spins);
    return [{ identity, parent: Number(parent), name, state, percent, busiestThread: null, doing }];
  });
}

/** The state of a process in words. */
export function stateInWords(state: string): string {
  switch (state) {
    case "R":
      return "running";
    case "S":
      return "sleeping";
    case "D":
    case "U":
      return "waiting in the kernel, deaf to signals";
    case "T":
      return "halted by a signal";
    case "t":
      return "halted by a debugger";
    case "I":
      return "idle";
    default:
      return "unusual";
  }
}
