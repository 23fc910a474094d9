import { execFile } from "node:child_process";
import { isErrnoException } from "./errno.ts";

export interface ToolAnswer {
  readonly status: number;
  readonly output: string;
}

/** Runs a program of this machine; null when there is none of that name, or when it takes longer than a few seconds. */
export type RunTool = (program: string, args: readonly string[]) => Promise<ToolAnswer | null>;

const limitMs = 4_000;
const maxBytes = 1024 * 1024;

export const runTool: RunTool = (program, args) =>
  new Promise((resolve) => {
    const options = {
      timeout: limitMs,
      killSignal: "SIGKILL",
      maxBuffer: maxBytes,
      encoding: "utf8",
      // Whatever a person's language, the words that are looked for are these.
      env: { ...process.env, LC_ALL: "C", SYSTEMD_PAGER: "", SYSTEMD_COLORS: "0" },
    } as const;
    const child = execFile(program, args, options, (error, stdout) => {
      if (error === null) resolve({ status: 0, output: stdout });
      else if (isErrnoException(error) && typeof error.code === "string") resolve(null);
      else if (typeof error.code === "number") resolve({ status: error.code, output: stdout });
      else resolve(null);
    });
    child.stdin?.end();
  });
