#!/usr/bin/env node
// The `midwatch` command. Looks at Node's version before anything is loaded that an older one could not even parse.

import { enableCompileCache } from "node:module";

const oldestNode = 24;

if (Number(process.versions.node.split(".")[0]) < oldestNode) {
  process.stderr.write(
    `Midwatch needs Node ${oldestNode} or newer, and this is ${process.version}. Install a newer one from https://nodejs.org and try again.\n`,
  );
  process.exitCode = 1;
} else {
  // From the second start on, nothing is parsed or stripped of its types again: a third of the time, and 30 MB, less.
  enableCompileCache();
  // Words that cannot be written, as on a full disk, must not end whoever watches; but nobody may believe they were said.
  process.stdout.on("error", () => (process.exitCode = 1));
  process.stderr.on("error", () => undefined);
  const { runProgram } = await import("./program.ts");
  const status = await runProgram(process.argv);
  if (status !== 0) process.exitCode = status;
}
