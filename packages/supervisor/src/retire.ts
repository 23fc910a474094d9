import type { SupervisorFact } from "@midwatch/protocol";
import type { Keeper } from "./keeper/keeper.ts";
import type { JournalEntry } from "./journal/entry.ts";
import { isAlive } from "./process/identity.ts";
import { markerOf, type FoundRun } from "./process/marker.ts";
import { describeUnkillable, stopTree } from "./process/stop-ladder.ts";

/** From TERM to KILL for what is not configured any more. */
const retireGraceMs = 10_000;

/**
 * Ends the processes of agents that are not configured any more, or not as a process, because nobody would watch them. What a
 * platform runs is left to it. Resolves to the names whose journal is of no use now.
 */
export async function retire(given: {
  readonly supervisorId: string;
  readonly found: readonly FoundRun[];
  readonly entries: ReadonlyMap<string, JournalEntry>;
  readonly keepers: ReadonlyMap<string, Keeper>;
  readonly now: () => number;
  readonly tell: (fact: SupervisorFact) => void;
  readonly log: (line: string) => void;
}): Promise<readonly string[]> {
  const { supervisorId, entries, keepers, now, tell, log } = given;
  const isKept = (agent: string): boolean => keepers.get(agent)?.agent.target.platform === "process";
  const runs = given.found.filter(({ agent }) => !isKept(agent));
  for (const { agent, run } of entries.values()) {
    // Where processes cannot be searched for, the journal knows them.
    const listed = runs.some(({ runId }) => runId === run?.runId);
    if (run && !keepers.has(agent) && !listed && isAlive(run.identity)) runs.push({ ...run, agent });
  }
  await Promise.all(
    runs.map(async ({ agent, runId, identity }) => {
      const as = keepers.has(agent) ? " as a process" : "";
      log(`${agent}: is not configured${as} any more, but process ${identity.pid} runs; it is stopped`);
      const tree = { identity, marker: markerOf(supervisorId, runId) };
      const left = await stopTree(tree, { graceMs: retireGraceMs, kill: false });
      if (left.length > 0) {
        log(`${agent}: ${describeUnkillable(left)}`);
        return;
      }
      const exit = { code: null, signal: null, stopped_for: "command" as const, oom: null, last_lines: [] };
      tell({ type: "exited", at: now(), agent, run_id: runId, exit });
    }),
  );
  return [...entries.keys()].filter((name) => !keepers.has(name));
}
