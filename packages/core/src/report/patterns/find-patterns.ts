import type { DaySpan } from "../facts.ts";
import { restartsOf } from "../restarts.ts";
import { alertLoads } from "./alert-load.ts";
import { creepingTokens, slowerCycles } from "./creep.ts";
import { hiddenFaults } from "./hidden-fault.ts";
import { memoryUntilDeath } from "./memory-until-death.ts";
import type { Pattern } from "./pattern.ts";
import { sameTimeRestarts } from "./same-time-restarts.ts";
import type { SlowFacts } from "./slow-facts.ts";

/** The slow patterns of one agent in these days, oldest first. To add one: a file beside this one, and a line here. */
export function findPatterns(days: readonly DaySpan[], facts: SlowFacts): readonly Pattern[] {
  const restarts = restartsOf(facts.history);
  const sameTime = sameTimeRestarts(days, restarts);
  const memory = memoryUntilDeath(facts.deaths);
  const deathBefore = (at: number): number | undefined => facts.deaths.findLast((death) => death.at <= at)?.at;
  const explained = (at: number): boolean => {
    const died = deathBefore(at);
    return (sameTime?.explains(at) ?? false) || (died !== undefined && (memory?.explains(died) ?? false));
  };
  return [
    creepingTokens(days, facts.hours),
    slowerCycles(days, facts.hours),
    memory?.pattern ?? null,
    sameTime?.pattern ?? null,
    ...hiddenFaults(days, { restarts, incidents: facts.incidents, explained }),
    ...alertLoads(facts.incidents),
  ].filter((pattern) => pattern !== null);
}
