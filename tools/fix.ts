// `npm run fix`: what a machine can put right by itself.

import { nodeFlags, runSteps, toolStep } from "./run-steps.ts";

runSteps([
  { title: "schema of midwatch.yaml", command: process.execPath, args: [...nodeFlags, "tools/write-schema.ts"] },
  toolStep("lint", "eslint/bin/eslint.js", "--fix", "."),
  toolStep("format", "prettier/bin/prettier.cjs", "--write", "--log-level=warn", "."),
]);
