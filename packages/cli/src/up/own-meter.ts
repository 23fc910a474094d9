// Midwatch's own meter, as the supervisor keeps it under `midwatch up` when the file has a `meter:` section: like the own server it
// beats from its main loop, is restarted when it hangs, and is never given up, because agents cannot call their providers without it.

import { createHash } from "node:crypto";
import type { SupervisedAgent } from "@midwatch/supervisor";
import { agentDefaults, noState, type Config } from "../config/config.ts";
import { ownServerName } from "./own-server.ts";
import { smallHeap } from "./small-heap.ts";

export const ownMeterName = "midwatch-meter";

const intervalMs = 10_000;
/** Start to start, after the first restart, which is immediate. */
const cooldownMs = 15_000;
/** As good as for ever: a day of restarts, four each minute. */
const everyRestart = 5_760;
/** It lets streams finish for 30 s. */
const stopGraceMs = 40_000;

export function ownMeter(config: Config, args: readonly string[]): readonly SupervisedAgent[] {
  if (config.meter === null) return [];
  const [script = ""] = process.argv.slice(1);
  return [
    {
      ...agentDefaults,
      name: ownMeterName,
      target: {
        platform: "process",
        run: [process.execPath, ...smallHeap, ...process.execArgv, script, "meter", ...args],
      },
      cwd: process.cwd(),
      // It reads the file at its start: when what it does changes, so does this, and it is started anew.
      env: { MIDWATCH_CONFIGURATION: digestOf(config) },
      tags: [],
      state: noState,
      // It holds the server's last word when it stops, and tells the server its last calls.
      after: [ownServerName],
      isReported: false,
      intervalMs,
      cooldownMs,
      maxRestarts: everyRestart,
      maxRestartsPerDay: everyRestart,
      stopGraceMs,
    },
  ];
}

function digestOf({ server: { host, port, dataDir }, meter }: Config): string {
  const text = JSON.stringify({ host, port, dataDir, meter });
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}
