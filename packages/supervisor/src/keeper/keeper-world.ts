import type { Exit, Ms } from "@midwatch/core";
import type { EvidenceBundle } from "@midwatch/protocol";
import type { Fallback } from "../fallback/fallback.ts";
import type { Journal } from "../journal/journal.ts";
import type { Relay } from "../spool/relay.ts";
import type { SupervisorOptions } from "../running-supervisor.ts";
import type { SupervisedAgent } from "../supervised-agent.ts";
import type { StateGate } from "../state/state-policy.ts";
import type { Target, TargetEvents } from "../target/target.ts";

/** What the keepers of one supervisor share. */
export interface KeeperWorld {
  readonly supervisorId: string;
  readonly tombstoneFolder: string;
  /** Where Python agents write their stacks when asked to. */
  readonly stackFolder: string;
  /** Where the agents beat. */
  readonly receiver: { readonly url: string; readonly key: string };
  readonly environmentFor: NonNullable<SupervisorOptions["environmentFor"]>;
  readonly journal: Journal;
  readonly relay: Relay;
  readonly fallback: Fallback;
  readonly now: () => Ms;
  readonly openTarget: (agent: SupervisedAgent, events: TargetEvents & BeatMemory) => Target;
  readonly openGate: (agent: SupervisedAgent) => Promise<StateGate>;
  readonly saveEvidence: (agent: string, evidence: EvidenceBundle, at: Ms) => Promise<void>;
  /** False where no server was named: then nobody else judges. */
  readonly hasServer: boolean;
  /** When the server was last heard; null while it does not answer. */
  readonly serverHeardAt: () => Ms | null;
  /** Agents of `after` that are on their way up: whoever comes after them waits. */
  readonly notYetUp: (names: readonly string[]) => readonly string[];
  /** Something was decided. */
  readonly onDecided: () => void;
  readonly log: (line: string) => void;
}

/** The last beats of the present run, for the evidence. */
export interface BeatMemory {
  readonly lastBeats: () => readonly RememberedBeat[];
}

export interface RememberedBeat {
  readonly at: Ms;
  readonly status: string;
  readonly message: string | null;
  readonly tokens: number;
}

/** True for a death that nobody asked for. */
export function isCrash({ code, stoppedFor }: Exit): boolean {
  return stoppedFor === "hung" || (stoppedFor === null && code !== 0);
}
