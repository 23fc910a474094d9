// `npm run check`: everything that must hold before a change lands. `--static` leaves the tests out.

import { nodeFlags, runSteps, toolStep, type Step } from "./run-steps.ts";

const staticSteps: Step[] = [
  toolStep("format", "prettier/bin/prettier.cjs", "--check", "--log-level=warn", "."),
  toolStep("types", "typescript/bin/tsc", "-p", "tsconfig.check.json"),
  toolStep(
    "types of core, which may see no platform",
    "typescript/bin/tsc",
    "-p",
    "packages/core/tsconfig.json",
    "--noEmit",
  ),
  toolStep("types of the dashboard", "typescript/bin/tsc", "-p", "packages/dashboard/tsconfig.json"),
  toolStep("lint", "eslint/bin/eslint.js", "--max-warnings=0", "."),
  { title: "dead exports", command: process.execPath, args: [...nodeFlags, "tools/dead-exports.ts"] },
];
const tests: Step = { title: "tests", command: process.execPath, args: [...nodeFlags, "tools/test.ts"] };

runSteps(process.argv.includes("--static") ? staticSteps : [...staticSteps, tests]);
console.error("\n✓ all checks passed");
