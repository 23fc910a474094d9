// What is to be done about an agent when the supervisor starts: its journal says what was decided, the machine says what lives.
//
// | journal | its process | then |
// |---|---|---|
// | none | none | first start |
// | none (lost or damaged) | lives | take it over as a new run |
// | run | lives | take it over; go on stopping it if that was decided |
// | run | gone, same boot | it has ended unseen: the core decides |
// | run | gone, machine was restarted | it was stopped with the machine, which is not its fault: start it again |
// | decided start | lives (started an instant before the crash) | take it over as the started run |
// | decided start | none | start |
// | shut down with the last supervisor | none | start it again; its counters stand |
// | running by the journal, and no run in it (a full disk) | none | start it again; its counters stand |
// | stopped, exhausted, waiting | none | leave it so |

import type { JournalEntry, StartedRun } from "../journal/entry.ts";
import type { FoundRun } from "../process/marker.ts";

export type RestorePlan =
  | { readonly do: "first-start" }
  /** `isNew`: nobody has told the core yet that it runs. */
  | { readonly do: "adopt"; readonly run: Pick<StartedRun, "runId" | "identity">; readonly isNew: boolean }
  | { readonly do: "ended-unseen"; readonly run: StartedRun; readonly withMachine: boolean }
  | { readonly do: "start" }
  | { readonly do: "resume" }
  | { readonly do: "wait" };

export interface Restored {
  readonly plan: RestorePlan;
  /** Living runs of this agent that must end: a second copy is never left beside the first. */
  readonly strays: readonly FoundRun[];
}

export function planFor(
  entry: JournalEntry | null,
  machine: {
    /** All living runs of this agent that this supervisor ever started, oldest first. */
    readonly found: readonly FoundRun[];
    readonly isAlive: (run: StartedRun) => boolean;
    readonly bootId: string;
  },
): Restored {
  const plan = choose(entry, machine);
  const kept = plan.do === "adopt" ? plan.run.runId : null;
  return { plan, strays: machine.found.filter(({ runId }) => runId !== kept) };
}

function choose(entry: JournalEntry | null, machine: Parameters<typeof planFor>[1]): RestorePlan {
  const { found, isAlive, bootId } = machine;
  if (entry === null) {
    const newest = found.at(-1);
    return newest ? { do: "adopt", run: mainOf(newest, found), isNew: true } : { do: "first-start" };
  }
  const { run, start, state } = entry;
  if (run && isAlive(run)) return { do: "adopt", run, isNew: false };
  if (start) {
    const started = found.find(({ runId }) => runId === start.runId);
    return started ? { do: "adopt", run: started, isNew: true } : { do: "start" };
  }
  if (run) return { do: "ended-unseen", run, withMachine: run.identity.bootId !== bootId };
  if (entry.resume) return { do: "resume" };
  switch (state.recovery?.phase ?? "idle") {
    case "idle":
      return { do: "first-start" };
    case "starting":
    case "probation":
    case "healthy":
    case "stopping":
      // The journal could not be written when its process ended.
      return { do: "resume" };
    case "cooldown":
    case "exhausted":
    case "stopped":
      return { do: "wait" };
  }
}

/** A daemon that a run has started leads a session of its own; the oldest process of the run is the main one. */
function mainOf(one: FoundRun, found: readonly FoundRun[]): FoundRun {
  return found.find(({ runId }) => runId === one.runId) ?? one;
}
