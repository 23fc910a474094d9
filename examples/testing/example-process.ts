import assert from "node:assert/strict";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const patienceMs = 20_000;
export const repository = fileURLToPath(new URL("../..", import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** One real process of an example. */
export interface ExampleProcess {
  readonly pid: number;
  readonly ended: Promise<Ending>;
  /** Everything it has written so far, on both streams. */
  readonly output: () => string;
  /** Waits until its output holds this text; fails after 20 s with what it said instead. */
  readonly says: (text: string) => Promise<void>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

/** The Node that runs this test, as the examples are run from the sources. */
export function nodeExample(file: string): readonly string[] {
  return [process.execPath, "-C", "midwatch-source", file];
}

/**
 * Starts a command in the root of the repository, with nothing in its environment that could lead it elsewhere. It ends
 * with the test at the latest, and a test that fails shows what it said.
 */
export function startExample(
  t: TestContext,
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
): ExampleProcess {
  const [program, ...args] = argv;
  assert.ok(program !== undefined, "a command has a program");
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(MIDWATCH_|OPENAI_|ANTHROPIC_|DIGEST_|DEMO_|NODE_TEST)/.test(name),
  );
  const child: ChildProcess = spawn(program, args, {
    cwd: repository,
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (piece: Buffer) => (output += piece.toString()));
  const ended = new Promise<Ending>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  assert.ok(child.pid !== undefined, `${program} could not be started`);
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    if (!t.passed) t.diagnostic(`${argv.join(" ")} said:\n${output}`);
  });
  return {
    pid: child.pid,
    ended,
    output: () => output,
    says: async (text) => {
      const deadline = Date.now() + patienceMs;
      while (!output.includes(text)) {
        assert.ok(Date.now() < deadline, `it never said "${text}", but:\n${output}`);
        await pause(20);
      }
    },
    kill: (signal) => void child.kill(signal),
  };
}

/** Why a Python example can't be run here, for `skip`; false when it can. */
export function withoutPython(): string | false {
  const found = spawnSync("python3", ["--version"]);
  return found.status === 0 ? false : "SKIPPED: there is no python3 on this machine; the Python example was not run";
}
