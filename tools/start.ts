// `npm start`: Midwatch with the configuration of this folder, or, for a first look, with one small agent from the examples.

import { existsSync } from "node:fs";

const given = process.argv.slice(2);
const first =
  existsSync("midwatch.yaml") || given.includes("--config")
    ? []
    : ["--config", "examples/midwatch.yaml", "--data", ".midwatch"];
process.argv.splice(1, process.argv.length, "packages/cli/src/main.ts", "up", ...first, ...given);
await import("../packages/cli/src/main.ts");
