import type { HistoryEntry } from "../effect.ts";

/**
 * Why an agent had to be started again, as one short word for a column: "crashed 3", "SIGSEGV", "out of memory
 * (certain)", "hung", "asked by Ada"; and what was done about its state before. Null when nothing was seen.
 */
export function causeOfRestart(seen: {
  /** How the run before ended, if that was seen. */
  readonly exited: HistoryEntry | null;
  /** That its state was not fit to go on from, if it was not. */
  readonly invalidState: HistoryEntry | null;
  /** The person who asked, if it was one. */
  readonly askedBy: string | null;
}): string | null {
  const { exited, invalidState, askedBy } = seen;
  const ended = askedBy === null ? exited && endingOf(exited.data) : `asked by ${askedBy}`;
  if (invalidState === null) return ended;
  const action = invalidState.data["action"];
  const state = action === "restored" || action === "fresh" ? `state ${action}` : "state unusable";
  return ended === null ? state : `${ended}, ${state}`;
}

function endingOf({ code, signal, oom, stopped_for }: HistoryEntry["data"]): string {
  if (typeof stopped_for === "string") return stoppedWords[stopped_for] ?? stopped_for;
  // Before the confidence was written down, this was true or false.
  if (typeof oom === "string") return `out of memory (${oom})`;
  if (oom === true) return "out of memory";
  if (typeof signal === "string") return signal;
  if (code === refusedConfiguration) return "refused its configuration (78)";
  if (code === 0) return "ended by itself";
  return typeof code === "number" ? `crashed ${code}` : "ended unseen";
}

const refusedConfiguration = 78;

const stoppedWords: Readonly<Record<string, string>> = {
  hung: "hung",
  command: "stopped on request",
  budget: "stopped by a budget",
  shutdown: "its supervisor shut down",
  overdue: "its shutdown was overdue",
};
