// The work on state that can be heavy: reading, checking, copying. What is small is done at once. A database, or more than a few
// megabytes, goes to a process of its own: the supervisor watches other agents meanwhile, a check that hangs can be
// killed, and one that crashes over a damaged file takes nothing with it.

import { fork } from "node:child_process";
import { stat } from "node:fs/promises";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../evidence/within.ts";
import { describeError } from "../failure.ts";
import { copySet, type CopyOrder, type SetCopy } from "./copy-set.ts";
import { examine, type FileReport, type FileToExamine } from "./examine.ts";

export type Task =
  | { readonly do: "examine"; readonly files: readonly FileToExamine[]; readonly scratch: string }
  | ({ readonly do: "copy" } & CopyOrder);

export type TaskResult =
  | { readonly did: "examine"; readonly reports: readonly FileReport[] }
  | { readonly did: "copy"; readonly copy: SetCopy }
  | { readonly did: "fail"; readonly why: string };

/** Reading and checking so much takes some 20 ms. */
const smallBytes = 2 * 2 ** 20;

/** Does the task, at most for so long. Never rejects: what went wrong, or took too long, is a result. */
export async function perform(task: Task, timeoutMs: number): Promise<TaskResult> {
  const started = performance.now();
  const small = await within(timeoutMs, () => isSmall(task));
  if (!small.ok) return { did: "fail", why: small.why };
  if (!small.value) return performApart(task, timeoutMs);
  const taken = await within(timeoutMs - (performance.now() - started), () => performHere(task));
  return taken.ok ? taken.value : { did: "fail", why: taken.why };
}

export async function performHere(task: Task): Promise<TaskResult> {
  if (task.do === "copy") return { did: "copy", copy: await copySet(task) };
  const reports: FileReport[] = [];
  for (const file of task.files) reports.push(await examine(file, task.scratch));
  return { did: "examine", reports };
}

async function isSmall({ files }: Task): Promise<boolean> {
  let bytes = 0;
  for (const { path, check } of files) {
    const facts = await stat(path).catch(() => null);
    if (facts === null) continue;
    if (check === "sqlite") return false;
    bytes += facts.size;
  }
  return bytes <= smallBytes;
}

/** Sources run as they are, and compiled code beside compiled code. */
const program = fileURLToPath(new URL(`./task-process${extname(import.meta.url)}`, import.meta.url));

function performApart(task: Task, timeoutMs: number): Promise<TaskResult> {
  return new Promise((resolve) => {
    const child = fork(program, { execArgv: inheritedFlags(), stdio: ["ignore", "ignore", "ignore", "ipc"] });
    const finish = (result: TaskResult): void => {
      clearTimeout(timer);
      // A process that hangs in the kernel cannot be killed; nobody waits for it.
      child.kill("SIGKILL");
      child.unref();
      if (child.connected) child.disconnect();
      resolve(result);
    };
    const timer = setTimeout(
      () => finish({ did: "fail", why: `it took longer than ${Math.round(timeoutMs / 1_000)} s` }),
      timeoutMs,
    );
    child.on("message", (result) => finish(result as TaskResult));
    child.on("error", (error) => finish({ did: "fail", why: describeError(error) }));
    child.on("exit", (code, signal) => {
      finish({ did: "fail", why: `the process that looked at it ended with ${signal ?? `status ${String(code)}`}` });
    });
    child.send(task);
  });
}

/** A debugger's port, or a test runner's flags, are not for it. */
function inheritedFlags(): string[] {
  return process.execArgv.filter((flag) => !/^--(?:inspect|test|watch|eval|print|input-type)|^-[ep]$/.test(flag));
}
