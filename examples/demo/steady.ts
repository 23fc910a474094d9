// What an agent should look like: it works, it costs about the same each time, and nobody hears of it.

import { Midwatch } from "@midwatch/sdk";

const work = ["reads the feeds", "sorts what is new", "drafts an answer", "checks the draft"];

const watch = new Midwatch({ agent: "steady" });
for await (const cycle of watch.cycles({ every: process.env["DEMO_EVERY"] ?? "1s" })) {
  cycle.message(work[cycle.number % work.length] ?? "works");
  cycle.tokens(1_400 + Math.round(400 * Math.random()));
}
