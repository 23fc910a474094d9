// `npm test [PATTERN…]`: every test of the repository, the Python SDK's first. Parts that this machine lacks are named.

import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { nodeFlags, runSteps, type Step } from "./run-steps.ts";

const patterns = process.argv.slice(2);
const everything = [
  "packages/*/src/**/*.test.ts",
  "sdks/typescript/src/**/*.test.ts",
  "examples/**/*.test.ts",
  "test/**/*.test.ts",
  "tools/**/*.test.ts",
];
const files = (patterns.length > 0 ? patterns : everything)
  .flatMap((pattern) => globSync(pattern))
  // The clients in test/clients bring tests of their own.
  .filter((file) => !file.includes("node_modules"))
  .toSorted();

if (files.length === 0) {
  console.error(`No test file matches ${patterns.join(" ")}. Patterns are paths from the repository's root.`);
  process.exit(2);
}

const steps: Step[] = [];
if (patterns.length === 0) steps.push(...pythonSteps());
steps.push({
  title: `${String(files.length)} test files`,
  command: process.execPath,
  args: [...nodeFlags, "--test", "--test-concurrency=2", "--test-timeout=240000", ...files],
});
runSteps(steps);

function pythonSteps(): Step[] {
  if (globSync("sdks/python/tests/test_*.py").length === 0) return [];
  const python = spawnSync("python3", ["--version"], { encoding: "utf8" });
  if (python.status !== 0) {
    console.error("SKIPPED: the Python SDK's tests and the Python examples: there is no python3 on this machine.");
    return [];
  }
  return [
    {
      title: `Python SDK (${python.stdout.trim()})`,
      command: "python3",
      args: ["-m", "unittest", "discover", "-s", "sdks/python/tests"],
    },
  ];
}
