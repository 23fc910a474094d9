import type { BeatStatus } from "./beat.ts";
import type { BudgetState } from "./budget.ts";
import type { CostState } from "./cost/state.ts";
import type { Incident } from "./incident.ts";
import type { MeteringState } from "./metering.ts";
import type { Recovery } from "./recovery.ts";
import type { RepetitionState } from "./repetition.ts";
import type { DurationMs, Ms } from "./time.ts";

/**
 * | state | means |
 * |---|---|
 * | new | known, never beat |
 * | up | last beat in time, or a lease is running |
 * | late | one beat missed |
 * | down | missed as many as the limit allows |
 * | stopping | said `shutting_down` |
 * | stopped | ended on purpose |
 * | paused | held by an operator or a budget |
 * | unknown | the watcher itself was blind |
 */
export type LivenessState = "new" | "up" | "late" | "down" | "stopping" | "stopped" | "paused" | "unknown";

/** Where the interval in force comes from, strongest first. */
export type IntervalSource = "set" | "declared" | "learned" | "assumed";

/** Sequence numbers seen of one instance of one run: sorted, disjoint, inclusive ranges. */
export type SeqRanges = readonly (readonly [number, number])[];

export interface RunState {
  readonly runId: string;
  readonly startedAt: Ms;
  readonly lastBeatAt: Ms;
  /** By instance. */
  readonly seen: Readonly<Record<string, SeqRanges>>;
}

export interface Lease {
  readonly until: Ms;
  readonly reason: string | null;
}

/** Everything the rules need to remember of one agent: plain data, a few KB at most, JSON all the way down. */
export interface AgentState {
  readonly v: 1;
  readonly name: string;
  readonly firstSeenAt: Ms;
  /** The latest time any event carried; the fold's own clock. */
  readonly now: Ms;

  readonly state: LivenessState;
  readonly since: Ms;
  readonly lastBeatAt: Ms | null;
  readonly lastStatus: BeatStatus | null;
  readonly lastMessage: string | null;
  /** Beats missed in a row. */
  readonly missed: number;
  /** When the next beat will have been missed, grace included; null where no beat is expected. */
  readonly nextMissAt: Ms | null;
  readonly intervalMs: DurationMs;
  readonly intervalSource: IntervalSource;
  readonly lease: Lease | null;
  /** Deadline of an announced shutdown, or null. */
  readonly drainBy: Ms | null;
  readonly errorStreak: number;
  readonly skewMs: DurationMs | null;
  readonly progress: string | null;
  /** Cycles since `progress` last changed. */
  readonly progressAge: number;

  readonly run: RunState | null;
  /** Newest first, at most 8. */
  readonly earlierRuns: readonly RunState[];
  /** Digests of the last bodies that carry no seq, newest last, at most 64. */
  readonly bodies: readonly string[];
  /** When beats of two runs last took turns; null when they never did lately. */
  readonly turnsAt: Ms | null;

  readonly beatsTotal: number;
  readonly tokensTotal: number;
  readonly costUsdMicrosTotal: number;
  readonly cost: CostState;
  readonly metering: MeteringState;
  readonly budget: BudgetState;
  /** When a limit that is near or spent begins anew; null when none is. */
  readonly budgetReviewAt: Ms | null;
  readonly repetition: RepetitionState;

  /** Held: who holds it and why; null while it may run. */
  readonly hold: {
    readonly by: "person" | "budget" | "runaway";
    /** What the agent is told to do about it. */
    readonly directive: "pause" | "stop";
    readonly who: string;
    readonly reason: string;
    readonly at: Ms;
    /** Of a budget: `own`, or which of the shared ones: `install`, `tag:research`. */
    readonly budget?: string;
    /** When it ends by itself; absent or null when a person has to end it. */
    readonly until?: Ms | null;
  } | null;
  readonly recovery: Recovery | null;
  readonly supervisor: {
    readonly id: string;
    readonly host: string;
    readonly seenAt: Ms;
    readonly lost: boolean;
    /** Its verdict on the present silence is being waited for. */
    readonly asked: boolean;
  } | null;
  readonly incidents: readonly Incident[];
}
