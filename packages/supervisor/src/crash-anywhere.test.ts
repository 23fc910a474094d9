import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { findRuns } from "./process/marker.ts";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { agentIn, beatsOf, folderFor, processesOf, runsOf, supervise } from "./testing/supervisor-in-test.ts";
import { until } from "./testing/until.ts";

const script = fileURLToPath(new URL("testing/scripted-supervisor.ts", import.meta.url));
const preload = new URL("testing/crash-at.ts", import.meta.url).href;

/** True when it was killed at that step; false when it came to its end before. */
async function crashAt(folder: string, step: number): Promise<boolean> {
  const child = spawn(process.execPath, [...process.execArgv, "--import", preload, script, folder], {
    env: { ...process.env, CRASH_AT: String(step) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
  const signal = await new Promise<string | null>((resolve) => child.on("close", (_, by) => resolve(by)));
  assert.ok(signal === "SIGKILL" || said.includes("done"), `it ended by itself: ${said}`);
  return signal === "SIGKILL";
}

/** The agent's main processes that live now. */
function livingRuns(folder: string): number {
  return findRuns(readFileSync(join(folder, "supervisor", "supervisor-id"), "utf8").trim()).length;
}

// Two at a time walk through all steps; the last one is known when nobody crashes any more.
for (const first of [1, 2]) {
  test(`killed at any step (${first} of 2), the next supervisor has one copy of the agent or none, and goes on`, async (t) => {
    let step = first;
    for (; ; step += 2) {
      const folder = await folderFor(t);
      if (!(await crashAt(folder, step))) break;
      const runsBefore = runsOf(folder).length;
      const { running, log } = await supervise(folder, { agents: [agentIn(folder)] });
      const told = (): string => `step ${step}: ${log.join("; ")}`;
      assert.ok(livingRuns(folder) <= 1, `a second copy: ${told()}`);
      const beaten = beatsOf(folder);
      // The stop by the script stands, also when it had only begun; in every other case the agent lives.
      const lives = (): boolean => runsOf(folder).length > runsBefore || beatsOf(folder) > beaten;
      await until(`it beats or has been stopped, ${told()}`, () => lives() || livingRuns(folder) === 0);
      const before = runsOf(folder).length;
      await running.command("bot", "restart", "test");
      await until(`a new run beats, ${told()}`, () => runsOf(folder).length > before && beatsOf(folder) > 0);
      assert.equal(livingRuns(folder), 1, told());
      await running.stop({ agents: "stop" });
      assert.deepEqual(processesOf(folder), [], told());
    }
    t.diagnostic(`${step} steps`);
    assert.ok(step > 30, `there are many steps, not ${step}`);
  });
}
