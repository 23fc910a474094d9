import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { onLinux } from "../process/identity.ts";
import { stateInWords, type Activity } from "./activity.ts";
import { fieldOf, listSystemFolder, readSystemFile } from "./proc-file.ts";

const commandLimit = 600;
const nearLimit = 0.8;

/** Where this process waits in the kernel, in the kernel's own word; null when it does not, or this user may not know. */
export async function kernelWaitOf(pid: number): Promise<string | null> {
  const name = (await readSystemFile(`/proc/${pid}/wchan`))?.trim() ?? "";
  return name === "" || name === "0" ? null : name;
}

/** The facts of all processes of a run, for a person: the tree first, then each by itself. */
export async function describeProcesses(activities: readonly Activity[]): Promise<string> {
  const [main] = activities;
  if (main === undefined) return "none of its processes lives any more";
  const each = await Promise.all(activities.map(onLinux ? describeFromProc : describeByPs));
  const group = onLinux ? await describeControlGroup(main.identity.pid) : [];
  return [describeTree(activities), ...group, "", ...each.flatMap((lines) => [...lines, ""])].join("\n").trimEnd();
}

function describeTree(activities: readonly Activity[]): string {
  const percent = activities.reduce((sum, one) => sum + (one.percent ?? 0), 0);
  const count = activities.length === 1 ? "one process uses" : `${activities.length} processes together use`;
  return `${count} ${percent} % of one processor`;
}

function headline({ identity, parent, name }: Activity): string {
  return `process ${identity.pid} (${name})${parent === null ? "" : `, child of ${parent}`}`;
}

function describeDoing(activity: Activity): string {
  const { doing, percent, state, busiestThread } = activity;
  const share = percent === null ? "" : `, ${percent} % of one processor`;
  const thread = busiestThread && doing === "spinning" ? `, most of it thread ${busiestThread.name}` : "";
  return `${inWords(doing)}${share}${thread}; state ${state} (${stateInWords(state)})`;
}

function inWords(doing: Activity["doing"]): string {
  switch (doing) {
    case "spinning":
      return "spinning";
    case "waiting":
      return "waiting";
    case "halted":
      return "halted: nothing in it runs until it is continued";
    case "in-kernel":
      return "waiting in the kernel";
  }
}

async function describeFromProc(activity: Activity): Promise<readonly string[]> {
  const { pid } = activity.identity;
  const folder = `/proc/${pid}`;
  const [command, status, wait, call, stack, files] = await Promise.all([
    // Its command line lies in its own memory: reading it may hang with a process that is stuck in the kernel.
    activity.doing === "in-kernel" ? null : readSystemFile(`${folder}/cmdline`, 16 * 1024),
    readSystemFile(`${folder}/status`),
    kernelWaitOf(pid),
    readSystemFile(`${folder}/syscall`),
    readSystemFile(`${folder}/stack`),
    describeOpenFilesLimit(pid),
  ]);
  const facts = [
    describeDoing(activity),
    command === null ? null : `command: ${shorten(command.split("\0").join(" ").trim())}`,
    describeSize(status),
    files,
    wait === null ? null : `waits in ${wait}`,
    call === null || call.startsWith("running") ? null : `system call: ${call.trim()}`,
    ...(stack?.trim() ? ["kernel stack:", ...stack.trim().split("\n").slice(0, 12)] : []),
  ];
  return [headline(activity), ...facts.filter((fact) => fact !== null).map((fact) => `  ${fact}`)];
}

function describeSize(status: string | null): string | null {
  const threads = fieldOf(status, "Threads");
  const memory = fieldOf(status, "VmRSS");
  const swapped = fieldOf(status, "VmSwap");
  const parts = [
    threads === null ? null : `${threads} ${threads === "1" ? "thread" : "threads"}`,
    memory === null ? null : `${inMebibytes(parseInt(memory) * 1024)} resident`,
    swapped === null || swapped === "0 kB" ? null : `${inMebibytes(parseInt(swapped) * 1024)} swapped out`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? null : parts.join(", ");
}

async function describeOpenFilesLimit(pid: number): Promise<string | null> {
  const open = (await listSystemFolder(`/proc/${pid}/fd`))?.length;
  if (open === undefined) return null;
  const limits = await readSystemFile(`/proc/${pid}/limits`);
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits ?? "")?.[1] ?? Infinity);
  const warning = open >= limit * nearLimit ? ": close to its limit" : "";
  return `${open} open files${Number.isFinite(limit) ? ` of at most ${limit}` : ""}${warning}`;
}

/** Memory and number of processes of the control group against its limits; nothing where there is no limit. */
async function describeControlGroup(pid: number): Promise<readonly string[]> {
  const groups = (await readSystemFile(`/proc/${pid}/cgroup`)) ?? "";
  const v2 = /^0::(.*)$/m.exec(groups)?.[1];
  const v1 = (controller: string): string | undefined =>
    new RegExp(`^\\d+:(?:[^:]*,)?${controller}(?:,[^:]*)?:(.*)$`, "m").exec(groups)?.[1];
  const memory = await firstUse([
    ...(v2 === undefined ? [] : [`/sys/fs/cgroup${v2}/memory.current`, `/sys/fs/cgroup${v2}/memory.max`]),
    `/sys/fs/cgroup/memory${v1("memory") ?? ""}/memory.usage_in_bytes`,
    `/sys/fs/cgroup/memory${v1("memory") ?? ""}/memory.limit_in_bytes`,
  ]);
  const tasks = await firstUse([
    ...(v2 === undefined ? [] : [`/sys/fs/cgroup${v2}/pids.current`, `/sys/fs/cgroup${v2}/pids.max`]),
    `/sys/fs/cgroup/pids${v1("pids") ?? ""}/pids.current`,
    `/sys/fs/cgroup/pids${v1("pids") ?? ""}/pids.max`,
  ]);
  return [
    ...(memory
      ? [`control group: ${inMebibytes(memory.used)} of at most ${inMebibytes(memory.limit)}${near(memory)}`]
      : []),
    ...(tasks ? [`control group: ${tasks.used} of at most ${tasks.limit} processes and threads${near(tasks)}`] : []),
  ];
}

interface Use {
  readonly used: number;
  readonly limit: number;
}

/** `files` are pairs: what is used, and the limit. The first pair with a real limit counts. */
async function firstUse(files: readonly string[]): Promise<Use | null> {
  for (let index = 0; index + 1 < files.length; index += 2) {
    const used = await readNumber(files[index] ?? "");
    const limit = await readNumber(files[index + 1] ?? "");
    // Version 1 says "no limit" with the largest number of pages.
    if (used !== null && limit !== null && limit < 2 ** 60) return { used, limit };
  }
  return null;
}

async function readNumber(path: string): Promise<number | null> {
  const text = (await readSystemFile(path))?.trim();
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null;
}

function near({ used, limit }: Use): string {
  return used >= limit * nearLimit ? ": close to its limit" : "";
}

async function describeByPs(activity: Activity): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=,command=", "-p", String(activity.identity.pid)], {
    timeout: 2_000,
  });
  const [, memory, command] = /^\s*(\d+)\s+(.*)$/m.exec(stdout) ?? [];
  return [
    headline(activity),
    `  ${describeDoing(activity)}`,
    ...(command === undefined ? [] : [`  command: ${shorten(command)}`]),
    ...(memory === undefined ? [] : [`  ${inMebibytes(Number(memory) * 1024)} resident`]),
  ];
}

function shorten(command: string): string {
  return command.length > commandLimit ? `${command.slice(0, commandLimit)}…` : command;
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
