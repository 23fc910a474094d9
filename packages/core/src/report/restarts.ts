import type { HistoryEntry } from "../effect.ts";
import type { Ms } from "../time.ts";
import { causeOfRestart } from "./restart-cause.ts";

export interface Restart {
  readonly at: Ms;
  /** `unknown`: a new run began, and neither a supervisor nor a person known here started it. */
  readonly by: "supervisor" | "person" | "unknown";
  /** Who, when it was a person. */
  readonly who: string | null;
  readonly reason: string | null;
  /** The same as one short word: "crashed 3", "SIGSEGV", "out of memory (certain)", "hung", "asked by Ada"; null when nothing was seen. */
  readonly cause: string | null;
  /** 1, 2, 3 … for automatic attempts, 0 for what a person asked for; null when nobody counted. */
  readonly attempt: number | null;
  /** `undecided`: the day ended before it had proven itself. */
  readonly outcome: "succeeded" | "failed" | "undecided";
}

/**
 * Reads the restarts of a day from its history. A supervisor writes each of its own down. A run that begins without one is a
 * restart too: by a person, if one asked for it since the run before, else by nobody knows whom.
 */
export function restartsOf(history: readonly HistoryEntry[]): readonly Restart[] {
  const restarts: Restart[] = [];
  let explained = false;
  let asked: HistoryEntry | null = null;
  let exited: HistoryEntry | null = null;
  history.forEach((entry, index) => {
    const { kind, data } = entry;
    if (kind === "commanded" && asksForStart(data["command"])) {
      asked = entry;
      // The attempt before it may have died without a beat: the next run is the person's.
      explained = false;
    }
    if (kind === "exited") exited = entry;
    if (kind === "restarted") {
      restarts.push(written(entry, { asked, exited }, upToNext(history, index + 1)));
      explained = true;
      // An end explains one start, not every later one.
      exited = null;
    }
    if (kind !== "run-started") return;
    if (!explained && typeof data["before"] === "string") restarts.push(unwritten(entry, { asked, exited }));
    explained = false;
    asked = null;
    exited = null;
  });
  return restarts;
}

/** What was seen before a start: who asked for it, how the run before ended. */
interface Before {
  readonly asked: HistoryEntry | null;
  readonly exited: HistoryEntry | null;
}

/** The next restart included; what comes after it is told of that one. */
function upToNext(history: readonly HistoryEntry[], from: number): readonly HistoryEntry[] {
  let end = from;
  while (end < history.length && history[end]?.kind !== "restarted") end += 1;
  return history.slice(from, end + 1);
}

function written(entry: HistoryEntry, { asked, exited }: Before, after: readonly HistoryEntry[]): Restart {
  const { attempt, by, reason } = entry.data;
  const person = by === "person";
  const askedBy = person ? (whoAsked(asked) ?? "a person") : null;
  return {
    at: entry.at,
    by: person ? "person" : by === "supervisor" ? "supervisor" : "unknown",
    who: person ? whoAsked(asked) : null,
    reason: typeof reason === "string" ? reason : null,
    cause: causeOfRestart({ exited, invalidState: invalidStateIn(after), askedBy }),
    attempt: typeof attempt === "number" ? attempt : null,
    outcome: outcomeOf(after),
  };
}

/** The state is looked at after the decision to start and before the start itself. */
function invalidStateIn(after: readonly HistoryEntry[]): HistoryEntry | null {
  const start = after.findIndex(({ kind }) => kind === "started" || kind === "restarted");
  const before = start === -1 ? after : after.slice(0, start);
  return before.find(({ kind }) => kind === "state-invalid") ?? null;
}

function unwritten(entry: HistoryEntry, { asked, exited }: Before): Restart {
  return {
    at: entry.at,
    by: asked ? "person" : "unknown",
    who: whoAsked(asked),
    reason: null,
    cause: causeOfRestart({ exited, invalidState: null, askedBy: asked && (whoAsked(asked) ?? "a person") }),
    attempt: null,
    // Its first beat is the very thing that told of it.
    outcome: "succeeded",
  };
}

/** What came first after the restart: a sign that it holds, or one that it does not. */
function outcomeOf(after: readonly HistoryEntry[]): Restart["outcome"] {
  for (const { kind, data } of after) {
    if (kind === "restarted" || kind === "start-refused" || kind === "hung") return "failed";
    if (kind === "exited")
      return data["stopped_for"] === null || data["stopped_for"] === "hung" ? "failed" : "undecided";
    if (kind !== "recovery-changed") continue;
    if (data["phase"] === "healthy") return "succeeded";
    if (data["phase"] === "cooldown" || data["phase"] === "exhausted") return "failed";
  }
  return "undecided";
}

function asksForStart(command: unknown): boolean {
  return command === "restart" || command === "start" || command === "resume";
}

function whoAsked(asked: HistoryEntry | null): string | null {
  const by = asked?.data["by"];
  return typeof by === "string" ? by : null;
}
