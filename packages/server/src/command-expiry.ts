// A command is for now. One that its supervisor has not fetched, or has fetched without a word of what came of it, ends
// after an hour, so that nothing that was asked in one night is done in the next. Its end is written down for whoever asked.

import { HOUR, SECOND, spellDuration, type DurationMs, type HistoryEntry } from "@midwatch/core";
import type { CommandRow, Store } from "@midwatch/store";
import type { Clock } from "./clock.ts";
import type { AgentJob } from "./ledger/fold-agents.ts";
import type { Ledger } from "./ledger/ledger.ts";

export const commandLifetimeMs: DurationMs = HOUR;
const everyMs: DurationMs = 10 * SECOND;
/** Commands of one look; the rest follow in the next. */
const atOnce = 500;

export interface CommandExpiry {
  /** Looks every few seconds. */
  start(): void;
  /** Ends what is too old now. Never rejects. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export function createCommandExpiry(given: {
  readonly store: Pick<Store, "staleCommands">;
  readonly ledger: Ledger;
  readonly clock: Pick<Clock, "now">;
}): CommandExpiry {
  const { store, ledger, clock } = given;
  let timer: NodeJS.Timeout | null = null;
  let looking: Promise<void> = Promise.resolve();
  let stopped = false;

  async function look(): Promise<void> {
    try {
      const at = clock.now();
      const stale = await store.staleCommands(at - commandLifetimeMs, atOnce);
      if (stale.length === 0) return;
      const ended = stale.map((row) => ({ row, message: whyEnded(row, ledger.census.get(row.agent)?.host ?? null) }));
      const outcomes = ended.map(({ row, message }) => ({ id: row.id, state: "expired", message, at }) as const);
      await ledger.commit(jobsFor(ended, at), { outcomes });
    } catch {
      // The ledger and the sweeper say what is wrong with the store; this is tried again in a few seconds.
    }
  }

  function schedule(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      looking = look().then(schedule);
    }, everyMs).unref();
  }

  return {
    start: schedule,
    look,
    stop: async () => {
      stopped = true;
      if (timer) clearTimeout(timer);
      await looking;
    },
  };
}

interface Ended {
  readonly row: CommandRow;
  readonly message: string;
}

function jobsFor(ended: readonly Ended[], at: number): AgentJob[] {
  const byAgent = Map.groupBy(ended, ({ row }) => row.agent);
  return Array.from(byAgent, ([name, all]) => {
    const entries = all.map(({ row, message }) => commandEnded(row, { ok: false, message, at }));
    return { name, events: [], registerAt: null, entries };
  });
}

function whyEnded({ state }: CommandRow, host: string | null): string {
  const who = host === null ? "its supervisor" : `the supervisor on ${host}`;
  const lifetime = spellDuration(commandLifetimeMs);
  return state === "waiting"
    ? `${who} did not fetch it within ${lifetime}, so it will not be done`
    : `${who} fetched it and has not said within ${lifetime} what came of it`;
}

/** The line of the history that says what became of a command. */
export function commandEnded(
  { id, command, by }: Pick<CommandRow, "id" | "command" | "by">,
  { ok, message, at }: { readonly ok: boolean; readonly message: string; readonly at: number },
): HistoryEntry {
  const how = ok ? "was done" : "was not done";
  const text = message === "" ? `${command} ${how}` : `${command} ${how}: ${message}`;
  return { at, kind: "command-ended", text, data: { id, asked: command, by, ok } };
}
