import type { Config } from "../config/config.ts";
import { checks } from "../doctor/checks.ts";
import { findUnits, usualUnitFolders } from "../doctor/probes/boot-units.ts";
import { listMounts } from "../doctor/probes/mounts.ts";
import { runTool } from "../doctor/probes/run-tool.ts";
import { askServer } from "../doctor/probes/server-facts.ts";
import { runChecks } from "../doctor/run-checks.ts";
import { diagnosisText } from "../doctor/words.ts";
import type { World } from "../doctor/world.ts";
import { CommandFailure } from "../failure.ts";
import { log } from "../terminal.ts";

export interface DoctorOptions {
  readonly json: boolean;
  /** Send a real message through every channel. */
  readonly sendTest: boolean;
}

/** `midwatch doctor`: what is wrong with this set-up, in plain words. Ends with status 1 when something is bad. */
export async function runDoctor(config: Config, { json, sendTest }: DoctorOptions): Promise<void> {
  const diagnosis = await runChecks(checks, worldOf(config, sendTest));
  const { findings, unchecked } = diagnosis;
  if (json) {
    for (const { what, because } of unchecked) log(`not checked: ${what} (${because})`);
    process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  } else {
    process.stdout.write(`${diagnosisText(diagnosis, process.stdout.columns)}\n`);
  }
  const wrong = findings.filter(({ severity }) => severity === "bad").length;
  if (wrong > 0)
    throw new CommandFailure(
      1,
      `midwatch: ${wrong === 1 ? "one finding is" : `${wrong} findings are`} bad, so this ends with status 1`,
    );
}

function worldOf(config: Config, sendTest: boolean): World {
  return {
    config,
    now: Date.now,
    runTool,
    sendTest,
    // Only who keeps such an agent needs the drivers, and they load the whole supervisor.
    conflictsOf: async (agent) => (await import("@midwatch/supervisor")).conflictsOf(agent),
    server: once(() => askServer(config.server.dataDir, Date.now)),
    units: once(() => findUnits({ folders: usualUnitFolders(), runTool })),
    mounts: once(() => listMounts(runTool)),
  };
}

/** Several checks ask the same; it is gathered when the first one does. */
function once<T>(gather: () => Promise<T>): () => Promise<T> {
  let gathered: Promise<T> | null = null;
  return () => (gathered ??= gather());
}
