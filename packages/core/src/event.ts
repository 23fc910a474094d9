import type { Beat, BeatIdentity } from "./beat.ts";
import type { PricedCall } from "./call.ts";
import type { IncidentKind } from "./incident.ts";
import type { OutOfMemory } from "./out-of-memory.ts";
import type { Recovery } from "./recovery.ts";
import type { Ms } from "./time.ts";

/** How a process ended, as far as its parent could see. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** The supervisor ended it: `hung` after evidence, `command` for a person, `budget` for a pause, `shutdown` with the supervisor. */
  readonly stoppedFor: "hung" | "command" | "budget" | "shutdown" | "overdue" | null;
  /** Out of memory, when something better than a bare SIGKILL says so; else null. */
  readonly oom: OutOfMemory | null;
  /** The last lines of its output, for the incident. Bounded by the supervisor. */
  readonly lastLines: readonly string[];
}

/** State that an agent must not go on from, and what became of it. */
export interface InvalidState {
  /** What is wrong, as a clause: "state.json is cut off in line 3". */
  readonly reason: string;
  /** `restored`: an earlier generation took its place; `fresh`: it starts without; `stopped`: it waits for a person. */
  readonly action: "restored" | "fresh" | "stopped";
  /** Sentences: where the unusable state was put, which generation took its place. */
  readonly text: string;
}

/** That evidence of a run was taken; the evidence itself is kept elsewhere. */
export interface EvidenceNote {
  readonly runId: string;
  readonly why: "hung" | "crashed" | "overdue";
  /** One line for a person: the most telling fact. */
  readonly summary: string;
}

/** Where a beat came from, and whether it comes at its time or from a spool. */
export type BeatVia = "direct" | "supervisor";

export type CommandName = "restart" | "stop" | "start" | "pause" | "resume" | "kill" | "accept-baseline";

/**
 * Everything that can happen to one agent. `at` is when this watcher (or the supervisor, for what it saw) learned of
 * it; it may lie in the past for what a spool delivers, and never runs ahead of the watcher's own clock.
 */
export type AgentEvent =
  | {
      readonly type: "beat";
      readonly at: Ms;
      readonly beat: Beat;
      readonly identity: BeatIdentity;
      readonly via: BeatVia;
      /** The priced cost of this beat; null is unpriced. */
      readonly costUsdMicros: number | null;
      /** The price of each row of its `usage`, for sums by model; null is unpriced. */
      readonly usageCosts?: readonly (number | null)[];
      /** Delivered from a spool: judged at `at`, which is past. */
      readonly spooled: boolean;
    }
  /** Calls that were metered from outside its loop, none of them seen before. */
  | { readonly type: "usage"; readonly at: Ms; readonly calls: readonly PricedCall[] }
  /** Time has passed; deadlines at or before `at` are due. */
  | { readonly type: "tick"; readonly at: Ms }
  /** The watcher itself could not see from `from` to `at`: an outage, a suspend, a clock jump, a starved loop. */
  | { readonly type: "sight-lost"; readonly from: Ms; readonly at: Ms }
  /** The supervisor started the process. */
  | { readonly type: "started"; readonly at: Ms; readonly runId: string; readonly pid: number | null }
  /** The process could not be started at all: a missing command, no permission. Never retried by itself. */
  | { readonly type: "start-refused"; readonly at: Ms; readonly runId: string; readonly reason: string }
  /** It could not be started now; it is tried again, and is no attempt. */
  | { readonly type: "start-delayed"; readonly at: Ms; readonly reason: string }
  | { readonly type: "exited"; readonly at: Ms; readonly runId: string; readonly exit: Exit }
  /** Before a start: its state is not fit to go on from. What was done about it has been done. */
  | ({ readonly type: "state-invalid"; readonly at: Ms } & InvalidState)
  /** The supervisor's own verdict that a living process has stopped beating; the server only hears of it. */
  | { readonly type: "hung"; readonly at: Ms; readonly runId: string; readonly lastBeatAt: Ms | null }
  /** What a run was doing when it hung or ended was written down, before it could not be asked any more. */
  | ({ readonly type: "evidence-taken"; readonly at: Ms } & EvidenceNote)
  /** The supervisor tells the server where its recovery stands. */
  | { readonly type: "recovery-reported"; readonly at: Ms; readonly recovery: Recovery }
  /** The server has (not) heard from the agent's supervisor in time; `heardAt` is when it last has. */
  | { readonly type: "supervisor-seen"; readonly at: Ms; readonly supervisor: string; readonly host: string }
  | { readonly type: "supervisor-lost"; readonly at: Ms; readonly heardAt: Ms }
  /** A budget that several agents share is spent: `install`, `tag:research`. `why` is a clause: "the budget … is spent". */
  | {
      readonly type: "budget-held";
      readonly at: Ms;
      readonly budget: string;
      readonly why: string;
      readonly until: Ms | null;
    }
  | { readonly type: "budget-released"; readonly at: Ms; readonly budget: string }
  /** A setting has changed: what follows from it follows now. */
  | { readonly type: "settings-changed"; readonly at: Ms }
  | { readonly type: "command"; readonly at: Ms; readonly command: CommandName; readonly by: string }
  | { readonly type: "acknowledged"; readonly at: Ms; readonly kind: IncidentKind; readonly by: string };
