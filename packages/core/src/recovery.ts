import type { Ms } from "./time.ts";

/**
 * Where the keeping alive of one agent stands.
 *
 * | phase | means | left by |
 * |---|---|---|
 * | idle | never started by this supervisor | start |
 * | starting | to be started, or started without a beat yet | beat → probation (or healthy on a first start); deadline or exit → failed |
 * | probation | restarted and healthy so far | its end → healthy; exit or hang → failed |
 * | healthy | the attempt counter is zero | exit or hang → restart |
 * | stopping | being stopped, to be started again or to stay stopped | exit |
 * | cooldown | waiting before the next attempt | its end → starting |
 * | exhausted | no more automatic restarts; a human was asked | restart or resume by a person |
 * | stopped | ended on purpose: by a person, a budget, a planned exit | start, restart or resume |
 */
export type RecoveryPhase =
  "idle" | "starting" | "probation" | "healthy" | "stopping" | "cooldown" | "exhausted" | "stopped";

export interface Recovery {
  readonly phase: RecoveryPhase;
  /** Automatic restarts since the counter was last zero; 0 during the first life. */
  readonly attempt: number;
  /** Attempts before a human is asked. */
  readonly of: number;
  /** When the phase ends by itself: startup deadline, end of probation, end of cooldown; null where nothing is due. */
  readonly until: Ms | null;
  /** The last start, automatic or not; cooldowns run from here. */
  readonly startedAt: Ms | null;
  /** The run the supervisor started last. */
  readonly runId: string | null;
  readonly pid: number | null;
  /** What happens when a stopping process is gone. */
  readonly then: "restart" | "stay" | null;
  /** Why the agent was last restarted or stopped, in words. */
  readonly reason: string | null;
  /** Times of the automatic restarts of the last 24 h, oldest first; at most `maxRestartsPerDay`. */
  readonly restarts: readonly Ms[];
  /** When the current trouble began; null while healthy. */
  readonly troubleSince: Ms | null;
}

export const idleRecovery: Recovery = {
  phase: "idle",
  attempt: 0,
  of: 0,
  until: null,
  startedAt: null,
  runId: null,
  pid: null,
  then: null,
  reason: null,
  restarts: [],
  troubleSince: null,
};
