// What has to run at boot, whichever system starts it: this very Node and this very script, with absolute paths, for the
// configuration that was read now. At boot there is no shell, no profile and no current folder.

import { accessSync, constants, existsSync, readFileSync, realpathSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import type { DurationMs } from "@midwatch/core";
import type { SupervisedAgent } from "@midwatch/supervisor";
import type { Config } from "../config/config.ts";
import { longestStop } from "../doctor/stop-time.ts";
import { smallHeap } from "../up/small-heap.ts";

export interface BootPlan {
  /** What it is called: `midwatch`, unless there are several on one machine. */
  readonly name: string;
  /** What it is about, for people: the configuration, or the folder where there is none. */
  readonly about: string;
  /** Absolute; the folder of the configuration. */
  readonly folder: string;
  /** The program and its own options. */
  readonly node: readonly string[];
  readonly script: string;
  /** `up --config …`. */
  readonly args: readonly string[];
  /** Variables that must not stand in a file that others read; it need not be there. */
  readonly environmentFile: string;
  readonly path: string;
  /** From TERM to KILL, with what Midwatch itself needs. */
  readonly stopS: number;
  readonly user: User;
  /** It belongs to the machine and not to a user's session. */
  readonly isSystem: boolean;
  readonly listen: { readonly host: string; readonly port: number };
  readonly dataDir: string;
  readonly agents: readonly SupervisedAgent[];
}

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

export interface PlanOptions {
  readonly name: string;
  /** Only the supervisor, without a server. */
  readonly supervise: boolean;
  /** Of the supervisor alone: a server elsewhere. */
  readonly server?: string;
  /** As it was given, when it was given. */
  readonly data?: string;
  readonly isSystem: boolean;
  readonly user: User;
}

/** The running Node: what `install` writes down is what it was started with. */
export interface Runtime {
  readonly execPath: string;
  readonly execArgv: readonly string[];
  readonly script: string;
  readonly path: string;
}

/** Beyond the agents' own time. */
const reserveMs: DurationMs = 30_000;

export function planBoot(config: Config, options: PlanOptions, runtime: Runtime): BootPlan {
  const folder = config.file === null ? process.cwd() : dirname(config.file);
  const node = steadyNode(runtime);
  const place = [
    ...(config.file === null ? [] : ["--config", config.file]),
    ...(options.data === undefined ? [] : ["--data", resolve(options.data)]),
    ...(options.supervise && options.server !== undefined ? ["--server", options.server] : []),
  ];
  return {
    name: options.name,
    about: config.file ?? folder,
    folder,
    node: [node, ...smallHeap, ...runtime.execArgv.filter((word) => !smallHeap.includes(word))],
    script: realpathSync(runtime.script),
    args: [options.supervise ? "supervise" : "up", ...place],
    environmentFile: join(folder, `${options.name}.env`),
    path: pathWith(dirname(node), runtime.path),
    stopS: Math.ceil((longestStop(config.agents) + reserveMs) / 1_000),
    user: options.user,
    isSystem: options.isSystem,
    listen: config.server,
    dataDir: config.server.dataDir,
    agents: config.agents,
  };
}

/** Of the names by which this Node can be started the one that lives longest: package managers put the version into the real one. */
function steadyNode({ execPath, path }: Runtime): string {
  const real = realpathSync(execPath);
  const named = absoluteFolders(path).map((folder) => join(folder, "node"));
  return named.find((candidate) => isRunnable(candidate) && realpathSync(candidate) === real) ?? execPath;
}

function isRunnable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Most folders of a PATH have no node.
    return false;
  }
}

/** As agents find their programs now: this shell's PATH, with this Node first. Relative entries and those of npm's scripts are left out. */
function pathWith(nodeFolder: string, path: string): string {
  const folders = absoluteFolders(path).filter((folder) => !folder.includes("node_modules"));
  return [...new Set([nodeFolder, ...folders])].join(delimiter);
}

function absoluteFolders(path: string): readonly string[] {
  return path.split(delimiter).filter((folder) => folder.startsWith("/"));
}

/** What a person should know before it is relied on; a sentence each. */
export function notesOf(plan: BootPlan): readonly string[] {
  const missing = missingVariables(plan);
  const version = /\/(?:\.nvm|\.fnm|\.volta|\.asdf|\.nodenv|mise)\//.exec(plan.node[0] ?? "");
  const notes = [
    missing.length === 0
      ? null
      : `The configuration uses ${missing.join(", ")}. At boot there is no shell that sets ${missing.length === 1 ? "it" : "them"}: write ${missing[0] ?? ""}=… into ${plan.environmentFile}, one a line, and \`chmod 600\` it. What agents need, such as API keys, goes there, too.`,
    plan.script.includes("/_npx/")
      ? "This midwatch runs from npx's cache, which is cleaned now and then. Install it (`npm install --global midwatch`) and run this again."
      : null,
    version === null
      ? null
      : `This Node belongs to a version manager (${plan.node[0] ?? ""}): run \`midwatch install\` again after changing versions.`,
    plan.isSystem && plan.user.uid === 0
      ? "It will run as root, and the agents with it. To run as yourself: `sudo midwatch install` from your own account, or `midwatch install --user`."
      : null,
    plan.isSystem && process.env["SUDO_USER"] !== undefined
      ? `The PATH in it is the one that sudo has (${plan.path}). Where agents need yours: \`sudo env "PATH=$PATH" midwatch install\`.`
      : null,
    plan.args.includes("--server")
      ? `The key for that server is read from ${join(plan.dataDir, "ingest.key")}; put it there (mode 600), so that it shows in no list of processes.`
      : null,
  ];
  return notes.filter((note) => note !== null);
}

/** Variables that the file refers to and that its environment file does not set. */
function missingVariables({ about, environmentFile }: BootPlan): readonly string[] {
  const used = [...read(about).matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map(([, name = ""]) => name);
  const set = new Set([...read(environmentFile).matchAll(/^\s*(?:export\s+)?(\w+)=/gm)].map(([, name]) => name));
  return [...new Set(used)].filter((name) => !set.has(name));
}

function read(file: string): string {
  if (!existsSync(file)) return "";
  try {
    return readFileSync(file, "utf8");
  } catch {
    // A folder, or not ours to read: then nothing is known of it.
    return "";
  }
}
