// The smallest agent that Midwatch watches: three lines around the work it does anyway.

import { Midwatch } from "@midwatch/sdk";

const watch = new Midwatch({ agent: "my-agent" }); // url and key come from MIDWATCH_URL and MIDWATCH_KEY
for await (const cycle of watch.cycles({ every: "60s" })) {
  const result = await runAgentCycle();
  cycle.usage(result.usage); // each turn ends in a beat, sent from this loop
}

/** Your agent goes here. This one calls no model, so it counts words instead of tokens. */
async function runAgentCycle(): Promise<{ usage: { input_tokens: number; output_tokens: number } }> {
  const prompt = `It is ${new Date().toISOString()}. What should be done next?`;
  const answer = await Promise.resolve("Nothing; look again in a minute.");
  return { usage: { input_tokens: prompt.split(" ").length, output_tokens: answer.split(" ").length } };
}
