import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { startExample, type ExampleProcess } from "./testing/example-process.ts";
import { commandOf, demoConfig } from "./testing/example-configs.ts";
import { Receiver } from "./testing/receiver.ts";

/** Starts an agent by its own line of the demo's configuration, only faster. */
async function startDemoAgent(
  t: TestContext,
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ receiver: Receiver; agent: ExampleProcess }> {
  const receiver = await Receiver.listen();
  t.after(() => receiver.close());
  const found = demoConfig().agents.find((one) => one.name === name) ?? assert.fail(`the demo has no ${name}`);
  const agent = startExample(t, commandOf(found).split(" "), { ...receiver.environment, DEMO_EVERY: "20ms", ...env });
  return { receiver, agent };
}

test("steady beats turn after turn, and raises nothing", async (t) => {
  const { receiver } = await startDemoAgent(t, "steady");
  await receiver.until("120 turns", (beats) => beats.length > 120);
  assert.deepEqual(receiver.notices(), []);
});

test("mortal is killed by SIGKILL in the cycle that fate has set, without a last word", async (t) => {
  const { receiver, agent } = await startDemoAgent(t, "mortal", { MORTAL_CYCLES: "5" });
  assert.deepEqual(await agent.ended, { code: null, signal: "SIGKILL" });
  const seen = receiver.beats.map(({ beat }) => [beat.status, beat.cycle]);
  assert.deepEqual(seen, [["starting", null], ...[1, 2, 3, 4].map((cycle) => ["ok", cycle])]);
});

test("hanger stops beating while its process lives, and cannot hear that it should end", async (t) => {
  const { receiver, agent } = await startDemoAgent(t, "hanger");
  await receiver.until("the turn before it hangs", (beats) => beats.at(-1)?.cycle === 9);
  await agent.says("trying again until it works");
  agent.kill("SIGTERM");
  const outcome = await Promise.race([
    agent.ended,
    new Promise<string>((resolve) => setTimeout(resolve, 1_000, "alive")),
  ]);
  assert.equal(outcome, "alive");
  assert.ok(
    receiver.beats.every(({ beat }) => (beat.cycle ?? 0) < 10),
    "the turn it hangs in never ends",
  );
  agent.kill("SIGKILL");
  assert.deepEqual(await agent.ended, { code: null, signal: "SIGKILL" });
});

test("hanger lives on after a restart", async (t) => {
  const { receiver } = await startDemoAgent(t, "hanger", { MIDWATCH_RESTART_REASON: "it hung" });
  await receiver.until("more turns than its first life had", (beats) => (beats.at(-1)?.cycle ?? 0) > 20);
});

test("runaway jumps from about 200 tokens to 40,000: one possible loop, and word of its end", async (t) => {
  const { receiver } = await startDemoAgent(t, "runaway");
  await receiver.until("the end of the loop", (beats) => (beats.at(-1)?.cycle ?? 0) >= 105);
  const turns = receiver.beats.filter(({ beat }) => beat.cycle !== null);
  assert.ok(turns.slice(0, 60).every(({ beat }) => beat.tokens < 250));
  assert.ok(turns.slice(60, 100).every(({ beat }) => beat.tokens === 40_000));
  assert.deepEqual(receiver.notices(), ["opened runaway", "resolved runaway"]);
});

test("graceful announces its end, cleans up dearly and stops: status 0, and nobody is told", async (t) => {
  const { receiver, agent } = await startDemoAgent(t, "graceful", { GRACEFUL_CYCLES: "15" });
  assert.deepEqual(await agent.ended, { code: 0, signal: null });
  const ending = receiver.beats.slice(-5).map(({ beat }) => beat.status);
  assert.deepEqual(ending, [...Array<string>(4).fill("shutting_down"), "stopped"]);
  const cleanUp = receiver.beats.slice(-5).reduce((sum, { beat }) => sum + beat.tokens, 0);
  assert.ok(cleanUp > 90_000, `the clean-up is dear: ${cleanUp}`);
  assert.deepEqual(receiver.notices(), []);
});
