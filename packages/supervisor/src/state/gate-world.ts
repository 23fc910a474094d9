import { isAbsolute, join, resolve } from "node:path";
import type { Ms } from "@midwatch/core";
import { fileNameOf } from "../durable-file.ts";
import type { StateFile, StatePolicy } from "./state-policy.ts";

export interface StateGateOptions {
  readonly agent: string;
  /** Absolute; where relative paths begin and the validator runs. */
  readonly cwd: string;
  /** The agent's own `env`, on top of what it inherits. */
  readonly env: Readonly<Record<string, string>>;
  readonly policy: StatePolicy;
  /** The supervisor's folder for the state of all its agents; made when needed. */
  readonly folder: string;
  readonly now: () => Ms;
  /** Hears, while the agent runs, what its operator should know. */
  readonly say: (line: string) => void;
  /** How long reading, checking or copying the state may take before it counts as not checked. Five minutes unless said. */
  readonly taskTimeoutMs?: number;
}

/** What the parts of one gate share. */
export interface GateWorld {
  readonly agent: string;
  /** With absolute paths. */
  readonly files: readonly StateFile[];
  /** Those of which generations are kept. */
  readonly kept: readonly StateFile[];
  /** How many generations. */
  readonly keep: number;
  readonly policy: StatePolicy;
  readonly cwd: string;
  readonly validatorEnvironment: Readonly<Record<string, string>>;
  readonly root: string;
  readonly good: string;
  readonly quarantine: string;
  readonly scratch: string;
  readonly memory: string;
  readonly now: () => Ms;
  readonly taskTimeoutMs: number;
  /** As its operator wrote it. */
  readonly nameOf: (path: string) => string;
}

const taskTimeoutMs = 5 * 60_000;

export function gateWorldOf(options: StateGateOptions): GateWorld {
  const { agent, cwd, policy, folder, now } = options;
  const names = new Map<string, string>();
  const files = policy.files.map((file) => {
    const path = isAbsolute(file.path) ? file.path : resolve(cwd, file.path);
    names.set(path, file.path);
    return { ...file, path };
  });
  const kept = files.filter(({ keep }) => keep > 0);
  const root = join(folder, fileNameOf(agent));
  return {
    agent,
    files,
    kept,
    keep: Math.max(0, ...kept.map(({ keep }) => keep)),
    policy,
    cwd,
    validatorEnvironment: validatorEnvironmentOf(options, files),
    root,
    good: join(root, "good"),
    quarantine: join(root, "quarantine"),
    scratch: join(root, "scratch"),
    memory: join(root, "memory.json"),
    now,
    taskTimeoutMs: options.taskTimeoutMs ?? taskTimeoutMs,
    nameOf: (path) => names.get(path) ?? path,
  };
}

/** As the agent's, without what only a run has: no key, no address. */
function validatorEnvironmentOf({ agent, env }: StateGateOptions, files: readonly StateFile[]): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && !name.startsWith("MIDWATCH_")) inherited[name] = value;
  }
  return {
    ...inherited,
    ...env,
    MIDWATCH_AGENT: agent,
    MIDWATCH_STATE: files.map(({ path }) => path).join("\n"),
  };
}
