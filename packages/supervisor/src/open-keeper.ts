// Gives each agent its keeper, with everything it needs of this supervisor's folder and of this machine.

import { join } from "node:path";
import { openEvidenceStore } from "./evidence/evidence-store.ts";
import type { JournalEntry } from "./journal/entry.ts";
import { Keeper } from "./keeper/keeper.ts";
import type { KeeperWorld } from "./keeper/keeper-world.ts";
import type { FoundRun } from "./process/marker.ts";
import type { OutOfMemoryWatch } from "./process/out-of-memory.ts";
import { noRelay } from "./spool/relay.ts";
import { openStateGate } from "./state/state-gate.ts";
import type { SupervisedAgent } from "./supervised-agent.ts";
import { openTarget } from "./target/open-target.ts";

/** What lies in a supervisor's folder for its agents; made before the first of them is opened. */
export const agentFolders = ["output", "tombstones", "exits", "stacks", "environment", "evidence", "state"] as const;

/** What is known of an agent before it is kept. */
export interface Known {
  readonly entry: JournalEntry | null;
  /** Its runs that live; oldest first. */
  readonly found: readonly FoundRun[];
}

export type OpenKeeper = (agent: SupervisedAgent, known: Known) => Promise<Keeper>;

export interface KeeperSurroundings extends Pick<
  KeeperWorld,
  | "supervisorId"
  | "receiver"
  | "environmentFor"
  | "journal"
  | "relay"
  | "fallback"
  | "now"
  | "hasServer"
  | "serverHeardAt"
  | "notYetUp"
  | "onDecided"
  | "log"
> {
  readonly folder: string;
  readonly outOfMemory: OutOfMemoryWatch;
  readonly onOutput: ((agent: string, chunk: Buffer) => void) | null;
}

export function keeperOpener(around: KeeperSurroundings): OpenKeeper {
  const { folder, now, log, relay } = around;
  const at = (name: (typeof agentFolders)[number]): string => join(folder, name);
  const evidence = openEvidenceStore({ folder: at("evidence") });
  const targetWorld = {
    ...around,
    outputFolder: at("output"),
    exitFolder: at("exits"),
    stackFolder: at("stacks"),
    environmentFolder: at("environment"),
  };
  return (agent, { entry, found }) =>
    Keeper.open(agent, entry, {
      ...around,
      // Midwatch's own server cannot be told of itself.
      relay: agent.isReported ? relay : noRelay,
      tombstoneFolder: at("tombstones"),
      stackFolder: at("stacks"),
      openTarget: (one, events) => openTarget(one, events, { world: targetWorld, found }),
      openGate: ({ name, cwd, env, state }) =>
        openStateGate({
          agent: name,
          cwd,
          env,
          policy: state,
          folder: at("state"),
          now,
          say: (line) => log(`${name}: ${line}`),
        }),
      saveEvidence: async (name, bundle, takenAt) => {
        const saved = await evidence.save(name, bundle, takenAt);
        if (!saved.ok) log(`${name}: its evidence is not kept on this host: ${saved.why}`);
      },
    });
}
