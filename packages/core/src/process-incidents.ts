// What a person is told of a process that ended or hangs: the incident, and the words.

import type { Exit } from "./event.ts";
import { openIncident } from "./incidents.ts";
import { changeState, openExited } from "./liveness.ts";
import { spellDuration, upperFirst } from "./spell.ts";
import type { Ms } from "./time.ts";
import type { Turn } from "./turn.ts";

export function openExitIncident(turn: Turn, exit: Exit, how: string): void {
  const { at, settings } = turn;
  const said = lastWords(exit.lastLines);
  if (exit.code === 0) return openExited(turn, said);
  const tail = said === null ? "" : ` Its last words: ${said}`;
  const doing =
    settings.restart.restart === "never"
      ? "Its settings say not to restart it."
      : "The supervisor restarts it, within its limits.";
  openIncident(turn, {
    kind: exit.oom ? "oom" : "crashed",
    since: at,
    title: how,
    text: `${exit.oom ? `${upperFirst(exit.oom.seen)}. ` : ""}${doing}${tail}`,
    numbers: {
      ...(exit.code === null ? {} : { code: exit.code }),
      ...(exit.signal === null ? {} : { signal: exit.signal }),
      ...(exit.oom === null ? {} : { out_of_memory: exit.oom.confidence }),
    },
  });
}

/** The line a person looks for: the last that names an error, since some runtimes print a stack after it; else the last one. */
export function lastWords(lines: readonly string[]): string | null {
  const named = lines.findLast((line) => /error|exception|panic|fatal|abort/i.test(line) && !/^\s+at /.test(line));
  return (named ?? lines.at(-1))?.trim() ?? null;
}

/** Opens `hung`; on the server this is all there is to do, the supervisor does the rest. */
export function reportHung(turn: Turn, since: Ms, started: boolean): void {
  const { state, at, settings } = turn;
  const silence = spellDuration(at - since);
  state.nextMissAt = null;
  changeState(turn, "down", started ? `no first beat within ${silence}` : `hung: silent for ${silence}`);
  openIncident(turn, {
    kind: "hung",
    since,
    title: started ? `started, but no beat within ${silence}` : `hung: alive, but silent for ${silence}`,
    text: `Its process is alive and its loop sends no beats${started ? "; if it cannot send any, set `liveness: process`" : ""}. ${settings.restart.restart === "never" ? "Its settings say not to restart it." : "The supervisor stops and restarts it, within its limits."}`,
    numbers: { interval_ms: state.intervalMs, silent_ms: at - since, missed: state.missed },
  });
}

const stopWords: Readonly<Record<NonNullable<Exit["stoppedFor"]>, string>> = {
  hung: "stopped because it hung",
  command: "stopped on request",
  budget: "stopped because it is held",
  shutdown: "stopped together with its supervisor",
  overdue: "stopped because its shutdown was overdue",
};

/** How a process ended, as one clause: "crashed with exit status 3", "killed by SIGKILL". */
export function describeExit({ code, signal, oom, stoppedFor }: Exit): string {
  if (stoppedFor !== null) return stopWords[stoppedFor];
  if (oom) return `${oom.confidence === "certain" ? "" : "probably "}killed because memory ran out`;
  if (signal !== null) return `killed by ${signal}`;
  if (code === null) return "ended; how could not be seen";
  return code === 0 ? "ended with status 0" : `crashed with exit status ${code}${shellWords[code] ?? ""}`;
}

/** What a shell means by its own statuses; an agent behind `sh -c` never ran at all. */
const shellWords: Readonly<Record<number, string>> = {
  126: ": a command in its line may not be executed",
  127: ": a command in its line was not found",
};
