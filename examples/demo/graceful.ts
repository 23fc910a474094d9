// Ends on purpose, and says so. Cleaning up costs sixty times what a cycle costs, and after it no beat ever comes again:
// without the announcement that would be a possible loop and a silent agent. With it, nobody is told anything.

import { Midwatch } from "@midwatch/sdk";

const every = process.env["DEMO_EVERY"] ?? "1s";
const lastCycle = Number(process.env["GRACEFUL_CYCLES"] ?? 40);

const watch = new Midwatch({ agent: "graceful" });
for await (const cycle of watch.cycles({ every })) {
  cycle.message("works");
  cycle.tokens(450 + Math.round(100 * Math.random()));
  if (cycle.number < lastCycle) continue;

  await watch.shutdown("a new version is to be installed");
  for (const task of ["sums up open threads", "writes the handover", "files its notes"]) {
    await watch.beat({ status: "shutting_down", tokens_used: 30_000, message: task });
  }
  cycle.message("all is handed over");
  // The announced loop ends after this turn: it says `stopped`, and the process ends with status 0.
}
