import type { Check } from "./check.ts";
import { agentPace } from "./checks/agent-pace.ts";
import { agents } from "./checks/agents.ts";
import { channels } from "./checks/channels.ts";
import { clock } from "./checks/clock.ts";
import { dataFolder } from "./checks/data-folder.ts";
import { database } from "./checks/database.ts";
import { keysAndDoors } from "./checks/keys-and-doors.ts";
import { launchdJobs } from "./checks/launchd-jobs.ts";
import { machine } from "./checks/machine.ts";
import { platforms } from "./checks/platforms.ts";
import { serverRuns } from "./checks/server.ts";
import { startAtBoot } from "./checks/start-at-boot.ts";
import { systemdUnits } from "./checks/systemd-units.ts";

/** Everything that is looked at, in the order of its findings. To add a check: write its file, and name it here. */
export const checks: readonly Check[] = [
  serverRuns,
  agents,
  platforms,
  channels,
  dataFolder,
  database,
  keysAndDoors,
  startAtBoot,
  systemdUnits,
  launchdJobs,
  agentPace,
  clock,
  machine,
];
