import { spawnSync } from "node:child_process";

export interface Step {
  readonly title: string;
  readonly command: string;
  readonly args: readonly string[];
}

export const nodeFlags = ["--conditions=midwatch-source", "--disable-warning=ExperimentalWarning"];

/** Runs each step in order with its output on the terminal; stops at the first that fails and exits with its status. */
export function runSteps(steps: readonly Step[]): void {
  for (const { title, command, args } of steps) {
    console.error(`\n▸ ${title}`);
    const done = spawnSync(command, args, { stdio: "inherit" });
    if (done.status !== 0) {
      console.error(`✗ ${title} failed`);
      process.exit(done.status ?? 1);
    }
  }
}

/** A step that runs a package's own command with the Node in use. */
export function toolStep(title: string, file: string, ...args: readonly string[]): Step {
  return { title, command: process.execPath, args: [`node_modules/${file}`, ...args] };
}
