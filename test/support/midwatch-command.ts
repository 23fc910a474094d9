import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Cleanup } from "./cleanup.ts";
import { fileURLToPath } from "node:url";
import { until } from "./until.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "packages/cli/src/main.ts");
const flags = ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning"];

/** A real `midwatch` process and everything it has said. */
export interface MidwatchCommand {
  readonly child: ChildProcess;
  /** Both streams, in the order they arrived. */
  output(): string;
  /** Resolves with the first match in the output. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/** Starts the command from the sources; it is asked to stop, then made to, when the test ends. */
export function midwatch(t: Cleanup, args: readonly string[], more: { readonly cwd?: string } = {}): MidwatchCommand {
  return runScript(t, main, args, more);
}

/** Starts a script of this repository the way npm does. */
export function runScript(
  t: Cleanup,
  script: string,
  args: readonly string[],
  more: { readonly cwd?: string } = {},
): MidwatchCommand {
  const child = spawn(process.execPath, [...flags, script, ...args], {
    cwd: more.cwd ?? root,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal })),
  );
  t.after(async () => {
    child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), 30_000);
    await ended;
    clearTimeout(killer);
  });
  return {
    child,
    output: () => said,
    said: (pattern) =>
      until(
        () => pattern.exec(said),
        () => `${String(pattern)} in the output:\n${said}`,
      ),
    ended,
  };
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: Cleanup): string {
  const folder = mkdtempSync(join(tmpdir(), "midwatch-test-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
