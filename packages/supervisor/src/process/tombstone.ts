import type { Exit, Ms } from "@midwatch/core";

/** How the last run ended, kept until the next one starts. */
export interface Death {
  readonly runId: string;
  readonly pid: number | null;
  readonly startedAt: Ms | null;
  readonly diedAt: Ms;
  readonly exit: Exit;
}

/**
 * The file a restarted agent finds by `MIDWATCH_TOMBSTONE`: why its last life ended, so that it can decide what to do
 * differently. Times are RFC 3339 UTC; `signal`, `code` and `oom` as far as they were seen.
 */
export function tombstoneOf(agent: string, death: Death, reason: string, attempt: number): string {
  const { exit } = death;
  return `${JSON.stringify(
    {
      agent,
      reason,
      attempt,
      run_id: death.runId,
      pid: death.pid,
      started_at: death.startedAt === null ? null : new Date(death.startedAt).toISOString(),
      died_at: new Date(death.diedAt).toISOString(),
      code: exit.code,
      signal: exit.signal,
      oom: exit.oom?.confidence ?? null,
      stopped_for: exit.stoppedFor,
      last_lines: exit.lastLines,
    },
    null,
    2,
  )}\n`;
}
