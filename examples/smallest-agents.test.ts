import assert from "node:assert/strict";
import { test } from "node:test";
import { nodeExample, startExample, withoutPython } from "./testing/example-process.ts";
import { Receiver } from "./testing/receiver.ts";

const homeMade = ["python3", "examples/home-made-agent.py"];
const skip = withoutPython();

test("the home-made agent posts four fields from its loop, and each is taken", { skip }, async (t) => {
  const receiver = await Receiver.listen();
  t.after(() => receiver.close());
  startExample(t, homeMade, { ...receiver.environment, AGENT_INTERVAL: "0.05" });
  await receiver.until("three beats", (beats) => beats.length >= 3);
  for (const { body } of receiver.beats) {
    assert.deepEqual(Object.keys(body), ["agent", "status", "tokens_used", "ts"]);
    assert.equal(body["agent"], "home-made");
    assert.equal(body["status"], "ok");
    assert.ok(Number(body["tokens_used"]) > 0);
  }
  assert.deepEqual([...new Set(receiver.answered)], [200]);
});

test("the home-made agent outlives its server, and beats again when it is back", { skip }, async (t) => {
  const first = await Receiver.listen();
  const { port } = first;
  const agent = startExample(t, homeMade, { ...first.environment, AGENT_INTERVAL: "0.05" });
  await first.until("a beat", (beats) => beats.length >= 1);
  await first.close();
  await agent.says("no beat:");
  const second = await Receiver.listen(port);
  t.after(() => second.close());
  await second.until("beats after the outage", (beats) => beats.length >= 2);
});

for (const [file, argv, environment, without] of [
  ["minimal.ts", nodeExample("examples/minimal.ts"), {}, false],
  ["minimal.py", ["python3", "examples/minimal.py"], { PYTHONPATH: "sdks/python/src" }, skip],
] as const) {
  test(`${file} beats at the end of its first turn, and ends in order when asked to`, { skip: without }, async (t) => {
    const receiver = await Receiver.listen();
    t.after(() => receiver.close());
    const agent = startExample(t, argv, { ...receiver.environment, ...environment });
    await receiver.until("the end of a turn", (beats) => beats.some(({ status }) => status === "ok"));
    const [turn] = receiver.beats.filter(({ beat }) => beat.status === "ok");
    assert.equal(turn?.beat.agent, "my-agent");
    assert.ok(turn.beat.tokens > 0, "the turn's usage is counted");
    agent.kill("SIGTERM");
    await receiver.until("its last word", (beats) => beats.at(-1)?.status === "stopped");
    assert.deepEqual(await agent.ended, { code: 0, signal: null });
    assert.deepEqual(receiver.notices(), [], "an announced end is no news");
  });
}
