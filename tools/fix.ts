// `npm run fix`: what a machine can put right by itself.

import { runSteps, toolStep } from "./run-steps.ts";

runSteps([
  toolStep("lint", "eslint/bin/eslint.js", "--fix", "."),
  toolStep("format", "prettier/bin/prettier.cjs", "--write", "--log-level=warn", "."),
]);
