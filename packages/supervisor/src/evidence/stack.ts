// The stack of whatever language the processes of a run speak. A signal goes only to a process that has said it catches it:
// the default answer to SIGUSR1 is to die.

import { existsSync } from "node:fs";
import { basename } from "node:path";
import { constants } from "node:os";
import { onLinux, type ProcessIdentity } from "../process/identity.ts";
import type { Activity } from "./activity.ts";
import type { Frame } from "./frame.ts";
import { takeNodeStack } from "./node-stack.ts";
import { fieldOf, readSystemFile, readSystemLink } from "./proc-file.ts";
import { takeByFaulthandler, takeByPySpy } from "./python-stack.ts";
import { within, type Taken } from "./within.ts";

export interface StackTaken {
  /** `busy`: its event loop does not turn; `idle`: it turns, and nothing is due; `unknown`: it has none, or does not tell. */
  readonly loop: "busy" | "idle" | "unknown";
  /** The most telling place: the innermost in the agent's own code. */
  readonly at: Frame | null;
  /** Where a worker thread runs or blocks while the main thread is idle. */
  readonly busyWorkerAt?: Frame | null;
  /** Requests without an answer. */
  readonly waitsFor: readonly string[];
  readonly text: string;
}

export interface Stacks {
  readonly text: string;
  /** By pid; only those that could be taken. */
  readonly taken: ReadonlyMap<number, StackTaken>;
}

/** So that one process that does not answer costs the others nothing: each gives up this long before the end. */
const marginMs = 100;
const perLanguageLimit = 4;

type Language = "node" | "python" | "other";

/** Reads the stacks of the Node and Python processes among these. Never rejects. */
export async function takeStacks(
  activities: readonly Activity[],
  { stackFile, timeoutMs }: { readonly stackFile: string | null; readonly timeoutMs: number },
): Promise<Stacks> {
  if (!onLinux)
    return { taken: new Map(), text: "no stack: this system does not tell which processes may be asked by signal" };
  const deadline = performance.now() + timeoutMs - marginMs;
  const languages = await Promise.all(activities.map(languageOf));
  const speaking = (language: Language): readonly Activity[] =>
    activities.filter((_activity, index) => languages[index] === language).slice(0, perLanguageLimit);
  const attempt = async (activity: Activity, take: (ms: number) => Promise<StackTaken>): Promise<Attempt> => {
    const leftMs = deadline - performance.now();
    const unable = whyUnable(activity);
    return { activity, stack: unable ?? (await within(leftMs, () => take(leftMs))) };
  };
  const attempts = await Promise.all([
    ...speaking("node").map((one) => attempt(one, (ms) => takeNode(one.identity, ms))),
    inTurn(speaking("python"), (one) => attempt(one, () => takePython(one.identity, stackFile))),
  ]);
  return summarizeAttempts(attempts.flat());
}

interface Attempt {
  readonly activity: Activity;
  readonly stack: Taken<StackTaken>;
}

/** One after the other: forked children of a Python process write their stacks to the same file. */
async function inTurn(
  activities: readonly Activity[],
  attempt: (activity: Activity) => Promise<Attempt>,
): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  for (const activity of activities) attempts.push(await attempt(activity));
  return attempts;
}

function summarizeAttempts(attempts: readonly Attempt[]): Stacks {
  if (attempts.length === 0)
    return { taken: new Map(), text: "no stack: none of its processes is Node or Python, or they cannot be asked" };
  const taken = new Map<number, StackTaken>();
  const texts = attempts.map(({ activity: { identity, name }, stack }) => {
    if (!stack.ok) return `process ${identity.pid} (${name}): no stack: ${stack.why}`;
    taken.set(identity.pid, stack.value);
    return stack.value.text;
  });
  return { taken, text: texts.join("\n\n") };
}

async function languageOf({ identity, name, doing }: Activity): Promise<Language> {
  const path = (await readSystemLink(`/proc/${identity.pid}/exe`))?.replace(/ \(deleted\)$/, "");
  const program = path === undefined ? name : basename(path);
  if (/^node(js)?[\d.-]*$/.test(program)) return "node";
  if (/^(python|pypy)[\d.]*/.test(program)) return "python";
  // Reading the map of a process that is stuck in the kernel may hang with it.
  if (doing === "in-kernel") return "other";
  const maps = (await readSystemFile(`/proc/${identity.pid}/maps`)) ?? "";
  if (/\/libnode\.so/.test(maps)) return "node";
  return /\/libpython[\d.]+\w*\.so/.test(maps) ? "python" : "other";
}

function whyUnable({ doing }: Activity): { readonly ok: false; readonly why: string } | null {
  if (doing === "halted") return { ok: false, why: "it is halted and cannot be asked" };
  return doing === "in-kernel" ? { ok: false, why: "it waits in the kernel and cannot be asked" } : null;
}

async function takeNode(identity: ProcessIdentity, timeoutMs: number): Promise<StackTaken> {
  if (await catches(identity.pid, constants.signals.SIGUSR1)) return takeNodeStack(identity, timeoutMs - marginMs);
  throw new Error("it does not catch SIGUSR1, which opens the debugger (it was started with --disable-sigusr1?)");
}

async function takePython(identity: ProcessIdentity, stackFile: string | null): Promise<StackTaken> {
  const registered =
    stackFile !== null && existsSync(stackFile) && (await catches(identity.pid, constants.signals.SIGUSR1));
  const stack = (registered ? await takeByFaulthandler(identity, stackFile) : null) ?? (await takeByPySpy(identity));
  if (stack) return stack;
  throw new Error(
    registered
      ? "it was asked by signal and wrote nothing"
      : "it has not registered faulthandler (the SDK does so), and py-spy is not installed",
  );
}

/** True when the process has a handler of its own for this signal. */
async function catches(pid: number, signal: number): Promise<boolean> {
  const mask = fieldOf(await readSystemFile(`/proc/${pid}/status`), "SigCgt");
  return mask !== null && ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}
