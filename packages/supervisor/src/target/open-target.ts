// The one place that knows every kind of target. To add a platform, write its driver and name it here.

import type { DurationMs, Ms } from "@midwatch/core";
import { openDockerDriver } from "../docker/docker-driver.ts";
import { takeEvidence } from "../evidence/evidence.ts";
import type { BeatMemory } from "../keeper/keeper-world.ts";
import { stackFileOf } from "../keeper/launch.ts";
import { openLaunchdDriver } from "../launchd/launchd-driver.ts";
import type { FoundRun } from "../process/marker.ts";
import { ProcessTarget, type ProcessWorld } from "../process/process-target.ts";
import type { SupervisedAgent, TargetSpec } from "../supervised-agent.ts";
import { openSystemdDriver } from "../systemd/systemd-driver.ts";
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
  const { lastBeats, log } = events;
  if (target.platform !== "process") {
    const { environmentFolder } = world;
    const driver = openDriver(target, { environmentFolder, stopGraceMs: agent.stopGraceMs, log });
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

function openDriver(
  spec: PlatformSpec,
  about: {
    readonly environmentFolder: string | null;
    readonly stopGraceMs: DurationMs;
    readonly log: (line: string) => void;
  },
): PlatformDriver {
  const { environmentFolder, stopGraceMs, log } = about;
  switch (spec.platform) {
    case "docker":
      return openDockerDriver({ container: spec.container, env: process.env, log });
    case "systemd":
      return openSystemdDriver({ unit: spec.unit, scope: spec.scope, environmentFolder, stopGraceMs, log });
    case "launchd":
      return openLaunchdDriver({ label: spec.label, log });
  }
}

/** What fights with this supervisor over the agent, one sentence each; for `midwatch doctor`. */
export async function conflictsOf({
  target,
  stopGraceMs,
}: Pick<SupervisedAgent, "target" | "stopGraceMs">): Promise<readonly string[]> {
  if (target.platform === "process") return [];
  const driver = openDriver(target, { environmentFolder: null, stopGraceMs, log: () => undefined });
  try {
    return await driver.conflicts();
  } finally {
    await driver.close();
  }
}
