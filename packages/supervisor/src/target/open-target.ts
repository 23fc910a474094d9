// The one place that knows every kind of target. To add a platform, write its driver and name it here.

import type { Ms } from "@midwatch/core";
import type { EvidenceBundle } from "@midwatch/protocol";
import { describeHungProcess } from "../process/evidence.ts";
import type { BeatMemory } from "../keeper/keeper-world.ts";
import { stackFileOf } from "../keeper/launch.ts";
import type { FoundRun } from "../process/marker.ts";
import { ProcessTarget, type ProcessWorld } from "../process/process-target.ts";
import type { SupervisedAgent, TargetSpec } from "../supervised-agent.ts";
import { PlatformTarget } from "./platform-target.ts";
import type { PlatformDriver } from "./platform-driver.ts";
import type { Target, TargetEvents } from "./target.ts";

export interface TargetWorld extends ProcessWorld {
  readonly stackFolder: string;
  /** For units that read it: `EnvironmentFile=-…/UNIT.env`. */
  readonly environmentFolder: string;
  readonly now: () => Ms;
  readonly onOutput: ((agent: string, chunk: Buffer) => void) | null;
}

type PlatformSpec = Exclude<TargetSpec, { platform: "process" }>;

export function openTarget(
  agent: SupervisedAgent,
  events: TargetEvents & BeatMemory,
  about: { readonly world: TargetWorld; readonly found: readonly FoundRun[] },
): Target {
  const { world, found } = about;
  const { target } = agent;
  const { lastBeats } = events;
  if (target.platform !== "process") {
    const driver = openDriver(target);
    return new PlatformTarget({
      ...events,
      agent,
      driver,
      now: world.now,
      takeEvidence: (run) => takeEvidence({ ...run, stackFile: null, lastBeats: lastBeats() }),
    });
  }
  const { onOutput } = world;
  return new ProcessTarget({
    ...events,
    agent,
    run: target.run,
    world,
    found,
    onOutput: onOutput && ((chunk) => onOutput(agent.name, chunk)),
    takeEvidence: (run) =>
      takeEvidence({
        ...run,
        stackFile: stackFileOf(world.stackFolder, agent.name),
        lastBeats: lastBeats(),
        platform: () => Promise.resolve([]),
      }),
  });
}

function openDriver(spec: PlatformSpec): PlatformDriver {
  throw new Error(`${spec.platform} is not wired yet`);
}

async function takeEvidence(request: {
  readonly runId: string;
  readonly why: "hung" | "overdue";
  readonly members: readonly Parameters<typeof describeHungProcess>[0][];
  readonly [more: string]: unknown;
}): Promise<EvidenceBundle> {
  const [main] = request.members;
  const lines = main === undefined ? [] : await describeHungProcess(main);
  return { run_id: request.runId, why: request.why, summary: lines[0] ?? "nothing", items: [] };
}

/** What fights with this supervisor over the agent, one sentence each; for `midwatch doctor`. */
export async function conflictsOf({ target }: Pick<SupervisedAgent, "target">): Promise<readonly string[]> {
  if (target.platform === "process") return [];
  const driver = openDriver(target);
  try {
    return await driver.conflicts();
  } finally {
    await driver.close();
  }
}
