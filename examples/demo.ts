// `npm run demo`: Midwatch and five agents that misbehave on purpose, all within two minutes. Everything lives in a
// folder of its own that is deleted at the end; nothing of a real installation is touched.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const data = mkdtempSync(join(tmpdir(), "midwatch-demo-"));

console.log(`
Five agents, two minutes. Open the link below and watch, or just read on here.

  steady    works, beats, costs what it always costs: nothing is ever said about it
  mortal    is killed by SIGKILL; it is restarted at once, then only after the cooldown, until a human is asked
  hanger    stops in the middle of its loop while its process stays up; it is noticed by its missed beats
  runaway   uses 200 tokens a cycle, then 40,000: "possible loop", on that very beat
  graceful  says that it is shutting down and cleans up in a burst of dear calls: no alarm

Ctrl-C ends everything.
`);

const midwatch = spawn(
  process.execPath,
  [
    ...process.execArgv,
    "packages/cli/src/main.ts",
    "up",
    "--config",
    "examples/demo/midwatch.yaml",
    "--data",
    data,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: "inherit" },
);
// Ctrl-C reaches Midwatch too, being in the same group; here it only must not end this process before that has ended.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => midwatch.kill(signal));
midwatch.on("exit", (code, signal) => {
  rmSync(data, { recursive: true, force: true });
  process.exitCode = code ?? 128 + (signal === null ? 1 : constants.signals[signal]);
});
