import type { AgentState } from "@midwatch/core";
import type { JournalEntry } from "../journal/entry.ts";

/** On its way up, or about to be told where to go: what comes after it waits. */
export function isRising({ start, state }: Pick<JournalEntry, "start" | "state">): boolean {
  const { phase = "idle", until = null } = state.recovery ?? {};
  // Without a deadline it was given up at its start, and its settings say to leave it so.
  const isStarting = start !== null || (phase === "starting" && until !== null);
  return isStarting || phase === "idle" || phase === "stopping";
}

/** Somebody wants it down, or it has ended as it should. */
export function isToStayDown({ hold, recovery }: AgentState): boolean {
  if (hold !== null || recovery === null) return hold !== null;
  return recovery.phase === "stopped" || (recovery.phase === "stopping" && recovery.then === "stay");
}
