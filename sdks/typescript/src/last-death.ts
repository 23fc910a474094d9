import { readFileSync } from "node:fs";

/** How the run before this one ended, as the supervisor tells it. Everything but `reason` is as far as it was seen, else null. */
export interface LastDeath {
  /** In words: "it hung and was stopped". */
  readonly reason: string;
  /** Counts automatic restarts in a row: 1 for the first. */
  readonly attempt: number | null;
  /** The exit status. */
  readonly code: number | null;
  /** Such as `SIGKILL`. */
  readonly signal: string | null;
  /** How sure it is that memory ran out: `certain`, `likely`. */
  readonly oom: string | null;
  /** Why the supervisor ended it: `hung`, `command`, `budget`, … */
  readonly stoppedFor: string | null;
  readonly runId: string | null;
  /** Times are RFC 3339, UTC. */
  readonly startedAt: string | null;
  readonly diedAt: string | null;
  /** The last lines of its output. */
  readonly lastLines: readonly string[];
}

/** From `MIDWATCH_TOMBSTONE`, else in one line from `MIDWATCH_RESTART_REASON`; null where nothing died. Never throws. */
export function readLastDeath(env: Readonly<Record<string, string | undefined>>): LastDeath | null {
  const fields = tombstoneAt(env["MIDWATCH_TOMBSTONE"]);
  const reason = env["MIDWATCH_RESTART_REASON"] || textOf(fields["reason"]);
  if (!reason) return null;
  const lines = fields["last_lines"];
  return {
    reason,
    attempt: countOf(fields["attempt"]),
    code: countOf(fields["code"]),
    signal: textOf(fields["signal"]),
    oom: textOf(fields["oom"]),
    stoppedFor: textOf(fields["stopped_for"]),
    runId: textOf(fields["run_id"]),
    startedAt: textOf(fields["started_at"]),
    diedAt: textOf(fields["died_at"]),
    lastLines: Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [],
  };
}

function tombstoneAt(path: string | undefined): Readonly<Record<string, unknown>> {
  if (!path) return {};
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // Gone, or damaged; the reason in the environment is enough.
    return {};
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function countOf(value: unknown): number | null {
  return Number.isSafeInteger(value) ? (value as number) : null;
}
