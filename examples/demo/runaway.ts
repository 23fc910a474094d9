// Fit as a fiddle by every other measure: it beats on time, it reports no error, and it burns money. For 60 cycles it
// uses about 200 tokens each, which becomes its baseline; then it asks its model the same thing again and again, 40,000
// tokens a cycle, for 40 cycles. Midwatch says "possible loop" at the first of them, and says so when it is over.
// (Ten cycles of history would be enough for the rule; sixty draw a better picture.)

import { Midwatch } from "@midwatch/sdk";

const calmCycles = 60;
const loopCycles = 40;
/** Long enough that one visit to the demo sees one loop, and a second visitor sees one too. */
const roundCycles = 1_200;

const watch = new Midwatch({ agent: "runaway" });
for await (const cycle of watch.cycles({ every: process.env["DEMO_EVERY"] ?? "500ms" })) {
  const turn = (cycle.number - 1) % roundCycles;
  const loops = turn >= calmCycles && turn < calmCycles + loopCycles;
  cycle.message(loops ? "asks once more, with all of the history" : "polls for news");
  cycle.tokens(loops ? 40_000 : 180 + Math.round(40 * Math.random()));
}
