import { execFile, spawn, type ChildProcess } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

const exec = promisify(execFile);

/** The environment of what a user would start: without what npm and this repository's Node put into ours. */
export function plainEnvironment(more: Readonly<Record<string, string>> = {}): Record<string, string> {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(?:npm_(?:package|lifecycle)_|NODE_OPTIONS$|MIDWATCH_|PM2_)/.test(name),
  );
  return { ...(Object.fromEntries(own) as Record<string, string>), ...more };
}

export interface Call {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly withinMs?: number;
  /** Also a status other than 0 is an answer. */
  readonly anyStatus?: boolean;
}

/** Runs a command to its end; resolves to what it printed. */
export async function run(program: string, args: readonly string[], call: Call = {}): Promise<string> {
  const { env = plainEnvironment(), cwd, withinMs = 60_000, anyStatus = false } = call;
  try {
    const options = { env, timeout: withinMs, maxBuffer: 16 * 2 ** 20, ...(cwd === undefined ? {} : { cwd }) };
    return (await exec(program, [...args], options)).stdout;
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: number | string };
    if (anyStatus && typeof code === "number") return stdout ?? "";
    throw error;
  }
}

/** Starts a daemon in a session of its own, as an init system would; its output goes to a file. */
export function startDaemon(
  program: string,
  args: readonly string[],
  about: { env: Record<string, string>; log: string },
): ChildProcess {
  const log = openSync(about.log, "a");
  const child = spawn(program, args, { env: about.env, stdio: ["ignore", log, log], detached: true });
  child.on("error", () => undefined);
  closeSync(log);
  return child;
}

export function onPath(program: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file)) ?? null;
}

/** The last line of what went wrong, for a cell of a table. */
export function whyNot(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  const text = stderr?.trim() || (error instanceof Error ? error.message : String(error));
  return text.split("\n").at(-1)?.slice(0, 160) ?? "";
}

/** Resolves when it has ended, or after `withinMs`. */
export async function ended(child: ChildProcess, withinMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), withinMs);
  child.once("exit", () => resolve(undefined));
  await promise;
  clearTimeout(timer);
}
