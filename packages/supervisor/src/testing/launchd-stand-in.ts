// A stand-in for launchd, for machines that are no Mac. It runs real processes, and answers in the form that real ones were
// seen to answer in (public reports of macOS 12 to 26): the statuses, the sentences, and the text of `print`, with the blocks inside
// that have lines of the same names. What it models is what a supervisor meets: domains that are there or not, labels that
// are loaded, disabled or still being unloaded, KeepAlive that never gives up, and the throttle.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isDict, readPlist, type PlistDict } from "../launchd/plist.ts";

interface Answer {
  readonly status: number;
  readonly output: string;
  readonly complaint: string;
}

interface Job {
  readonly domain: string;
  readonly label: string;
  readonly path: string;
  readonly plist: PlistDict;
  child: ChildProcess | null;
  startedAt: number;
  runs: number;
  lastExit: string | null;
  isUnloading: boolean;
  isThrottled: boolean;
  timer: NodeJS.Timeout | null;
}

export interface StandInOptions {
  /** The domains that there are. */
  readonly domains: readonly string[];
  /** From start to start of what is kept alive. */
  readonly throttleMs?: number;
  /** How long `bootout` waits before it says that the operation is in progress. */
  readonly bootoutWaitMs?: number;
  /** `print` knows a job no more as soon as its unloading has begun. */
  readonly forgetsEarly?: boolean;
}

/** The command itself: hands its arguments over and says what is answered. Plain JavaScript, because it is started so often. */
const client = `
const socket = require("node:net").connect(process.argv[2]);
let said = "";
socket.on("data", (chunk) => (said += chunk));
socket.on("end", () => {
  const answer = JSON.parse(said);
  process.stdout.write(answer.output);
  process.stderr.write(answer.complaint);
  process.exitCode = answer.status;
});
socket.end(JSON.stringify(process.argv.slice(3)));
`;
const ok = (output = ""): Answer => ({ status: 0, output, complaint: "" });
const no = (status: number, complaint: string): Answer => ({ status, output: "", complaint: `${complaint}\n` });

export class LaunchdStandIn {
  /** Holds the command `launchctl`, for a PATH, and whatever a test puts there; gone at the end. */
  readonly folder: string;
  readonly launchctl: readonly string[];
  /** Every command so far, `print` of single jobs left out. */
  readonly calls: string[] = [];
  /** What is said, once, instead of doing what is asked; by verb. */
  readonly replies = new Map<string, Answer[]>();
  readonly #options: StandInOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #disabled = new Set<string>();
  readonly #server: Server;

  private constructor(options: StandInOptions) {
    this.#options = options;
    this.folder = mkdtempSync(join(tmpdir(), "midwatch-launchd-"));
    const socketPath = join(this.folder, "socket");
    const command = join(this.folder, "launchctl");
    const script = join(this.folder, "launchctl.cjs");
    writeFileSync(script, client);
    const node = [process.execPath, script, socketPath];
    writeFileSync(command, `#!/bin/sh\nexec ${node.map((word) => `'${word}'`).join(" ")} "$@"\n`, { mode: 0o755 });
    this.launchctl = [command];
    this.#server = createServer({ allowHalfOpen: true }, (socket) => void this.#serve(socket)).listen(socketPath);
  }

  static async open(options: StandInOptions): Promise<LaunchdStandIn> {
    const standIn = new LaunchdStandIn(options);
    if (!standIn.#server.listening) await new Promise((resolve) => standIn.#server.once("listening", resolve));
    return standIn;
  }

  /** The pid of a loaded job; null when it does not run or is not loaded. */
  pidOf(target: string): number | null {
    return this.#jobs.get(target)?.child?.pid ?? null;
  }

  isLoaded(target: string): boolean {
    return this.#jobs.has(target);
  }

  isDisabled(target: string): boolean {
    return this.#disabled.has(target);
  }

  /** As a command line would: `await standIn.run("bootstrap", "gui/501", path)`. */
  async run(...args: readonly string[]): Promise<Answer> {
    const [verb = "", ...rest] = args;
    const reply = this.replies.get(verb)?.shift();
    if (reply !== undefined) return reply;
    switch (verb) {
      case "print":
        return this.#print(rest[0] ?? "");
      case "print-disabled":
        return this.#printDisabled(rest[0] ?? "");
      case "enable":
        this.#disabled.delete(rest[0] ?? "");
        return ok();
      case "disable":
        this.#disabled.add(rest[0] ?? "");
        return ok();
      case "bootstrap":
        return this.#bootstrap(rest[0] ?? "", rest[1] ?? "");
      case "bootout":
        return this.#bootout(rest[0] ?? "");
      case "kickstart":
        return this.#kickstart(rest.at(-1) ?? "");
      case "kill":
        return this.#kill(rest[0] ?? "", rest[1] ?? "");
      default:
        return no(64, `Unrecognized subcommand: ${verb}`);
    }
  }

  async close(): Promise<void> {
    for (const job of this.#jobs.values()) {
      job.isUnloading = true;
      if (job.timer) clearTimeout(job.timer);
      signal(job, "SIGKILL");
    }
    while ([...this.#jobs.values()].some(({ child }) => child !== null)) await pause(10);
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.folder, { recursive: true });
  }

  async #serve(socket: Socket): Promise<void> {
    socket.on("error", () => undefined);
    // Read by its events: a stream that is iterated over is destroyed at its end, and could not be answered.
    let asked = "";
    socket.on("data", (chunk) => (asked += chunk.toString()));
    await once(socket, "end");
    const args = JSON.parse(asked) as string[];
    if (args[0] !== "print") this.calls.push(args.join(" "));
    socket.end(JSON.stringify(await this.run(...args)));
  }

  #notFound(target: string): Answer {
    const [domain, label] = splitTarget(target);
    const where = domain === "system" ? "system" : `user ${domain.replace("/", ": ")}`;
    if (!this.#options.domains.includes(domain)) return no(113, `Bad request.\nCould not find domain for ${where}`);
    return no(113, `Bad request.\nCould not find service "${label}" in domain for ${where}`);
  }

  #print(target: string): Answer {
    if (this.#options.domains.includes(target)) return ok(`${target} = {\n\ttype = login\n}\n`);
    const job = this.#jobs.get(target);
    if (job === undefined || (job.isUnloading && this.#options.forgetsEarly === true)) return this.#notFound(target);
    return ok(printed(job, this.#throttleMs));
  }

  get #throttleMs(): number {
    return this.#options.throttleMs ?? 10_000;
  }

  #printDisabled(domain: string): Answer {
    const lines = [...this.#disabled]
      .map(splitTarget)
      .flatMap(([where, label]) => (where === domain ? [`\t\t"${label}" => disabled\n`] : []));
    return ok(`\n\tdisabled services = {\n\t\t"com.example.other" => enabled\n${lines.join("")}\t}\n`);
  }

  async #bootstrap(domain: string, path: string): Promise<Answer> {
    if (!this.#options.domains.includes(domain)) {
      return no(125, "Bootstrap failed: 125: Domain does not support specified action");
    }
    const plist = await readPlist(path);
    const label = plist === null ? "" : textIn(plist, "Label", "");
    const target = `${domain}/${label}`;
    if (plist === null || this.#jobs.has(target) || this.#disabled.has(target)) {
      return no(5, "Bootstrap failed: 5: Input/output error\nTry re-running the command as root for richer errors.");
    }
    const job: Job = {
      ...{ domain, label, path, plist, child: null, startedAt: 0, runs: 0, lastExit: null },
      ...{ isUnloading: false, isThrottled: false, timer: null },
    };
    this.#jobs.set(target, job);
    if (plist["RunAtLoad"] === true || revives(job, { code: null, signal: null })) {
      // launchd starts what it has loaded a moment after it said that it has.
      job.timer = setTimeout(() => this.#start(job), 50);
    }
    return ok();
  }

  async #bootout(target: string): Promise<Answer> {
    const job = this.#jobs.get(target);
    if (job === undefined) return no(3, "Boot-out failed: 3: No such process");
    job.isUnloading = true;
    if (job.timer) clearTimeout(job.timer);
    if (job.child === null) {
      this.#jobs.delete(target);
      return ok();
    }
    signal(job, "SIGTERM");
    job.timer = setTimeout(() => signal(job, "SIGKILL"), exitTimeoutS(job) * 1_000);
    const giveUpAt = performance.now() + (this.#options.bootoutWaitMs ?? 300);
    while (this.#jobs.has(target) && performance.now() < giveUpAt) await pause(10);
    return this.#jobs.has(target) ? no(36, "Boot-out failed: 36: Operation now in progress") : ok();
  }

  #kickstart(target: string): Answer {
    const job = this.#jobs.get(target);
    if (job === undefined) return this.#notFound(target);
    if (this.#disabled.has(target)) return no(119, "Could not kickstart service: 119: Service is disabled");
    if (job.child === null) this.#start(job);
    return ok();
  }

  #kill(name: string, target: string): Answer {
    const job = this.#jobs.get(target);
    if (job === undefined || (job.isUnloading && this.#options.forgetsEarly === true)) return this.#notFound(target);
    if (job.child === null) return no(3, "No process to signal.");
    signal(job, name as NodeJS.Signals);
    return ok();
  }

  #start(job: Job): void {
    if (job.timer) clearTimeout(job.timer);
    const [program = "", ...args] = job.plist["ProgramArguments"] as readonly string[];
    const [out, err] = ["StandardOutPath", "StandardErrorPath"].map((key) =>
      openSync(textIn(job.plist, key, "/dev/null"), "a"),
    );
    const child = spawn(program, args, { detached: true, stdio: ["ignore", out ?? "ignore", err ?? "ignore"] });
    for (const file of [out, err]) if (file !== undefined) closeSync(file);
    Object.assign(job, { child, startedAt: performance.now(), runs: job.runs + 1 });
    child.once("exit", (code, by) => this.#ended(job, { code, signal: by }));
  }

  #ended(job: Job, end: { readonly code: number | null; readonly signal: NodeJS.Signals | null }): void {
    job.child = null;
    job.lastExit = end.signal === null ? exitLine(end.code ?? 0) : signalLine(end.signal);
    if (job.isUnloading) {
      if (job.timer) clearTimeout(job.timer);
      this.#jobs.delete(`${job.domain}/${job.label}`);
      return;
    }
    if (!revives(job, end)) return;
    const waitMs = Math.max(0, job.startedAt + this.#throttleMs - performance.now());
    job.isThrottled = waitMs > 0;
    job.timer = setTimeout(() => this.#start(job), waitMs);
  }
}

function splitTarget(target: string): readonly [domain: string, label: string] {
  const parts = target.split("/");
  return [parts.slice(0, -1).join("/"), parts.at(-1) ?? ""];
}

function textIn(plist: PlistDict, key: string, otherwise: string): string {
  const value = plist[key];
  return typeof value === "string" ? value : otherwise;
}

function signal(job: Job, name: NodeJS.Signals): void {
  job.child?.kill(name);
}

function exitTimeoutS(job: Job): number {
  return Number(job.plist["ExitTimeOut"] ?? 5);
}

/** Each key of the dictionary is a condition of its own. */
function revives(
  job: Job,
  { code, signal: by }: { readonly code: number | null; readonly signal: string | null },
): boolean {
  const { KeepAlive: keepAlive = false } = job.plist;
  if (!isDict(keepAlive)) return keepAlive === true;
  const { SuccessfulExit: onSuccess, Crashed: onCrash } = keepAlive;
  const hasCrashed = by !== null;
  return (onSuccess !== undefined && onSuccess === (code === 0)) || (onCrash !== undefined && onCrash === hasCrashed);
}

const exitLine = (code: number): string => `last exit code = ${code}${code === 78 ? ": EX_CONFIG" : ""}`;

const words: Readonly<Record<string, string>> = {
  SIGTERM: "Terminated: 15",
  SIGKILL: "Killed: 9",
  SIGABRT: "Abort trap: 6",
};
const signalLine = (name: string): string => `last terminating signal = ${words[name] ?? name}`;

function printed(job: Job, throttleMs: number): string {
  const { child, plist } = job;
  const isScheduled = child === null && job.timer !== null && !job.isUnloading;
  const state = child === null ? (isScheduled ? "spawn scheduled" : "not running") : "running";
  const keptAlive = plist["KeepAlive"] === true ? "keepalive | " : "";
  return [
    `${job.domain}/${job.label} = {`,
    `\tactive count = ${child === null ? 0 : 1}`,
    `\tpath = ${job.path}`,
    "\ttype = LaunchAgent",
    `\tstate = ${state}`,
    "",
    "\tprogram = /bin/sh",
    "\targuments = {",
    ...(plist["ProgramArguments"] as readonly string[]).map((word) => `\t\t${word}`),
    "\t}",
    "",
    ...["StandardOutPath", "StandardErrorPath"].flatMap((key) =>
      plist[key] === undefined
        ? []
        : [`\t${key === "StandardOutPath" ? "stdout" : "stderr"} path = ${textIn(plist, key, "")}`],
    ),
    "\tinherited environment = {",
    "\t\tSSH_AUTH_SOCK => /private/tmp/com.apple.launchd.socket/Listeners",
    "\t}",
    "",
    "\tenvironment = {",
    "\t\tOPENAI_API_KEY => sk-not-for-anybody",
    `\t\tXPC_SERVICE_NAME => ${job.label}`,
    "\t}",
    "",
    `\tdomain = ${job.domain} [100003]`,
    `\tminimum runtime = ${throttleMs / 1_000}`,
    `\texit timeout = ${exitTimeoutS(job)}`,
    `\truns = ${job.runs}`,
    ...(child === null ? [] : [`\tpid = ${child.pid}`]),
    `\timmediate reason = ${job.isThrottled ? "inefficient" : "speculative"}`,
    `\t${job.lastExit ?? "last exit code = (never exited)"}`,
    "",
    ...(isDict(plist["KeepAlive"]) ? ["\tsemaphores = {", "\t\tsuccessful exit => 0", "\t}", ""] : []),
    "\tresource coalition = {",
    "\t\tID = 721",
    "\t\tstate = active",
    "\t\tpid = 1",
    "\t}",
    "",
    "\tspawn type = daemon (3)",
    `\tproperties = ${keptAlive}${plist["RunAtLoad"] === true ? "runatload | " : ""}inferred program`,
    "}",
    "",
  ].join("\n");
}
