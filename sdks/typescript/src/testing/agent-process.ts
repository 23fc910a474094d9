import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { StubServer } from "./stub-server.ts";

export interface AgentProcess {
  readonly child: ChildProcess;
  /** Standard output and standard error, as far as they came. */
  readonly output: { text: string };
  /** How it ended, once its streams are closed. */
  readonly ended: Promise<{ readonly status: number | null; readonly signal: NodeJS.Signals | null }>;
}

const SDK = new URL("../index.ts", import.meta.url).href;

/** Starts a real agent whose program is `script`; `Midwatch`, `heartbeat` and `sleep(ms)` are there, and the environment of a supervised agent. */
export function startAgent(stub: StubServer, script: string, flags: readonly string[] = []): AgentProcess {
  const program = `
    import { Midwatch, heartbeat } from ${JSON.stringify(SDK)};
    import { setTimeout as sleep } from "node:timers/promises";
    ${script}`;
  const child = spawn(process.execPath, [...flags, "--input-type=module", "--eval", program], {
    env: {
      ...process.env,
      MIDWATCH_URL: stub.url,
      MIDWATCH_KEY: "mw_test",
      MIDWATCH_AGENT: "my-agent",
      MIDWATCH_RUN_ID: "run-1",
      SDK,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { text: "" };
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (piece: Buffer) => {
      output.text += piece.toString();
    });
  }
  const ended = once(child, "close").then(([status, signal]) => ({
    status: status as number | null,
    signal: signal as NodeJS.Signals | null,
  }));
  return { child, output, ended };
}
