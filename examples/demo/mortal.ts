// Killed by SIGKILL at a random moment, the way the kernel kills when memory runs out: no handler runs, no last word.
//
// It dies young in every life, on purpose. So within a minute everything about restarts can be seen: the first is made at
// once, the second and the third wait for the cooldown, and when the third has failed too, Midwatch stops trying and asks
// for a human. (A restart that holds is the hanger's story.)

import { randomInt } from "node:crypto";
import { Midwatch } from "@midwatch/sdk";

const lastCycle = Number(process.env["MORTAL_CYCLES"] ?? randomInt(4, 9));

const watch = new Midwatch({ agent: "mortal" });
for await (const cycle of watch.cycles({ every: process.env["DEMO_EVERY"] ?? "1s" })) {
  cycle.message("works, and suspects nothing");
  cycle.tokens(600 + Math.round(200 * Math.random()));
  if (cycle.number >= lastCycle) process.kill(process.pid, "SIGKILL");
}
