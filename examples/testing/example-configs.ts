import assert from "node:assert/strict";
import { join } from "node:path";
import type { SupervisedAgent } from "@midwatch/supervisor";
import type { Config } from "../../packages/cli/src/config/config.ts";
import { describeProblems, readConfig } from "../../packages/cli/src/config/read-config.ts";
import { repository } from "./example-process.ts";

export function demoConfig(): Config {
  return readExample("examples/demo/midwatch.yaml");
}

export function exampleConfig(): Config {
  return readExample("examples/midwatch.yaml");
}

/** The line that starts it; every example is a process. */
export function commandOf({ target }: Pick<SupervisedAgent, "target">): string {
  assert.ok(target.platform === "process" && typeof target.run === "string");
  return target.run;
}

/** Reads it as the `midwatch` command does, with an empty environment: an example may not need secrets. */
function readExample(file: string): Config {
  const read = readConfig(join(repository, file), {});
  assert.ok(read.ok, read.ok ? "" : describeProblems(read.file, read.problems));
  return read.config;
}
