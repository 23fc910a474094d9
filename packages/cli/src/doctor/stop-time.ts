import type { DurationMs } from "@midwatch/core";
import type { SupervisedAgent } from "@midwatch/supervisor";
import { stopOrder } from "@midwatch/supervisor/order";

/** Beyond the agents: what Midwatch needs to write down the end. */
export const stopReserveMs: DurationMs = 15_000;

/** What it may take to stop all of them: those that come after each other stop one after the other. */
export function longestStop(
  agents: readonly Pick<SupervisedAgent, "name" | "after" | "stopAnnounceMs" | "stopGraceMs">[],
): DurationMs {
  return stopOrder(agents).reduce(
    (sum, group) => sum + Math.max(...group.map((agent) => agent.stopAnnounceMs + agent.stopGraceMs)),
    0,
  );
}
