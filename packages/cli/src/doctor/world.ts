import type { Ms } from "@midwatch/core";
import type { Config } from "../config/config.ts";
import type { UnitFacts } from "./probes/boot-units.ts";
import type { Mount } from "./probes/mounts.ts";
import type { RunTool } from "./probes/run-tool.ts";
import type { ServerFacts } from "./probes/server-facts.ts";

type Agent = Config["agents"][number];

/** What probes may ask. What several of them need is gathered once. */
export interface World {
  readonly config: Config;
  readonly now: () => Ms;
  readonly runTool: RunTool;
  /** A real message goes through every channel. */
  readonly sendTest: boolean;
  /** What fights with the supervisor over an agent that a platform runs; rejects when the platform can't be asked. */
  readonly conflictsOf: (agent: Agent) => Promise<readonly string[]>;
  readonly server: () => Promise<ServerFacts>;
  /** Units of systemd that run midwatch. */
  readonly units: () => Promise<readonly UnitFacts[]>;
  readonly mounts: () => Promise<readonly Mount[]>;
}
