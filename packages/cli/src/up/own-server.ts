// Midwatch's own server, as the supervisor keeps it under `midwatch up`: an agent like any other, which beats from its
// main loop, is restarted when it hangs, and is taken over after the supervisor's own death. Only two things differ. It is never
// given up, because while it is away nobody else watches; and it is not reported to itself: people are told directly.

import { createHash } from "node:crypto";
import type { SupervisedAgent } from "@midwatch/supervisor";
import { agentDefaults, noState, type Config } from "../config/config.ts";
import { smallHeap } from "./small-heap.ts";

export const ownServerName = "midwatch-server";

const intervalMs = 10_000;
/** Start to start, after the first restart, which is immediate. */
const cooldownMs = 15_000;
/** As good as for ever: a day of restarts, four each minute. */
const everyRestart = 5_760;

export function ownServer(config: Config, args: readonly string[]): SupervisedAgent {
  const [script = ""] = process.argv.slice(1);
  return {
    ...agentDefaults,
    name: ownServerName,
    target: {
      platform: "process",
      run: [process.execPath, ...smallHeap, ...process.execArgv, script, "server", ...args],
    },
    cwd: process.cwd(),
    // The server reads the file at its start: when that changes, so does this, and it is started anew.
    env: { MIDWATCH_CONFIGURATION: digestOf(config) },
    tags: [],
    state: noState,
    after: [],
    isReported: false,
    intervalMs,
    cooldownMs,
    maxRestarts: everyRestart,
    maxRestartsPerDay: everyRestart,
    startupMs: 2 * 60_000,
    stopGraceMs: 15_000,
  };
}

/** The agents of the file, each after Midwatch's own parts: the server hears their first beats, and their last. */
export function afterOwn(
  agents: readonly SupervisedAgent[],
  own: readonly SupervisedAgent[],
): readonly SupervisedAgent[] {
  const parts = own.map(({ name }) => name);
  return agents.map((agent) => ({ ...agent, after: [...agent.after, ...parts] }));
}

/** Of what the server does; the agents are the supervisor's business. */
function digestOf({ server, defaults, budgets, prices, channels, alertsTo, alerts, report, watcher }: Config): string {
  const text = JSON.stringify({ server, defaults, budgets, prices, channels, alertsTo, alerts, report, watcher });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
