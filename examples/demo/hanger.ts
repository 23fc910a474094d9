// Its loop stops turning while its process lives: the failure that a process manager cannot see. No beats come, so
// Midwatch finds it hung, asks it to end (it cannot hear), kills it and starts it again. It hangs in its first life only:
// the restart holds, and a recovery notice tells how long the outage was.

import { Midwatch } from "@midwatch/sdk";

const diedBefore = process.env["MIDWATCH_RESTART_REASON"] !== undefined;

const watch = new Midwatch({ agent: "hanger" });
for await (const cycle of watch.cycles({ every: process.env["DEMO_EVERY"] ?? "1s" })) {
  cycle.message(diedBefore ? "works, and has learned from its last life" : "works, and is about to forget the time");
  cycle.tokens(900 + Math.round(200 * Math.random()));
  if (cycle.number >= 10 && !diedBefore) spinForever();
}

/** What a retry without a limit, or a regular expression that backtracks, comes to. */
function spinForever(): never {
  console.log("trying again until it works");
  for (;;);
}
