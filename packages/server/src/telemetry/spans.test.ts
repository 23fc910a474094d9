import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, SECOND } from "@midwatch/core";
import fc from "fast-check";
import { tracesJson, type ToldSpan } from "../../../protocol/src/testing/otlp-messages.ts";
import { createTestClock } from "../testing/test-clock.ts";
import { openTelemetry, type TelemetryInTest } from "../testing/telemetry-in-test.ts";
import { SpanTrees } from "./span-trees.ts";

function usage(input: number, output: number): Readonly<Record<string, number>> {
  return { "gen_ai.usage.input_tokens": input, "gen_ai.usage.output_tokens": output };
}

const chat = (span: string, parent: string | null, input: number, output: number): ToldSpan => ({
  span,
  parent,
  attributes: { "gen_ai.operation.name": "chat", ...usage(input, output) },
});
const agent = (span: string, parent: string | null, input: number, output: number): ToldSpan => ({
  span,
  parent,
  attributes: { "gen_ai.operation.name": "invoke_agent", ...usage(input, output) },
});
const link = (span: string, parent: string | null): ToldSpan => ({ span, parent, name: "step" });

async function afterHold(scene: TelemetryInTest): Promise<void> {
  scene.clock.advance(91 * SECOND);
  await scene.telemetry.turn();
}

/** An agent with a step between it and its calls, a part agent, and one call told by two instrumentations. */
const turn: readonly ToldSpan[] = [
  chat("inner", "outer", 100, 10),
  chat("outer", "step", 100, 10),
  chat("second", "step", 200, 20),
  chat("third", "part", 300, 30),
  agent("part", "root", 300, 30),
  link("step", "root"),
  agent("root", null, 600, 60),
];
const turnTokens = 660;

test("a parent with the sum of its children adds nothing, in whatever order, batches and repetitions they come", async () => {
  const pieces = fc
    .shuffledSubarray([...turn], { minLength: turn.length })
    .chain((spans) => fc.tuple(fc.constant(spans), fc.array(fc.nat(turn.length), { maxLength: 4 }), fc.boolean()));
  await fc.assert(
    fc.asyncProperty(pieces, async ([spans, cuts, twice]) => {
      await using scene = await openTelemetry();
      const ends = [...cuts, spans.length].toSorted((a, b) => a - b);
      const batches = ends.map((end, index) => spans.slice(ends[index - 1] ?? 0, end)).filter((one) => one.length > 0);
      for (const batch of batches) {
        await scene.send("traces", tracesJson(batch));
        if (twice) await scene.send("traces", tracesJson(batch));
      }
      assert.deepEqual(scene.meter.callsOf("bot").length, 3, "calls count at once");
      await afterHold(scene);
      assert.equal(scene.meter.tokens, turnTokens);
    }),
    { numRuns: 60 },
  );
});

test("a sum without anything below it counts after 90 seconds, once", async () => {
  await using scene = await openTelemetry();
  await scene.send("traces", tracesJson([link("step", "root"), agent("root", null, 600, 60)]));
  scene.clock.advance(89 * SECOND);
  await scene.telemetry.turn();
  assert.equal(scene.meter.tokens, 0);
  scene.clock.advance(2 * SECOND);
  await scene.telemetry.turn();
  await scene.telemetry.turn();
  assert.equal(scene.meter.tokens, 660);
  assert.deepEqual(await scene.store.dueHeldCalls(Number.MAX_SAFE_INTEGER, 10), []);
});

test("a call that comes after the sum above it was counted is in that sum already", async () => {
  await using scene = await openTelemetry();
  await scene.send("traces", tracesJson([agent("root", null, 600, 60)]));
  await afterHold(scene);
  await scene.send("traces", tracesJson([chat("late", "root", 600, 60)]));
  assert.equal(scene.meter.tokens, 660);
});

test("what is held survives a restart, and any usage of its trace supersedes it then", async () => {
  await using scene = await openTelemetry();
  await scene.send("traces", tracesJson([agent("root", null, 600, 60)]));
  scene.restart();
  // The step between them was told before the restart, or is yet to come: nothing links the two.
  await scene.send("traces", tracesJson([chat("call", "step", 600, 60)]));
  await afterHold(scene);
  assert.equal(scene.meter.tokens, 660);
  assert.equal(scene.meter.callsOf("bot")[0]?.calls, 1);

  const trace = "11111111111111111111111111111111";
  await scene.send("traces", tracesJson([{ ...agent("alone", null, 5, 5), trace }]));
  scene.restart();
  await afterHold(scene);
  assert.equal(scene.meter.tokens, 670, "and without any it counts");
});

test("calls that were counted before a restart are not counted again in the sum that comes after it", async () => {
  await using scene = await openTelemetry();
  await scene.send("traces", tracesJson([chat("call", "root", 600, 60)]));
  scene.restart();
  await scene.send("traces", tracesJson([agent("root", null, 600, 60)]));
  await afterHold(scene);
  assert.equal(scene.meter.tokens, 660);
});

test("of two nested spans of one call the inner counts, and a call with other tokens counts beside its parent", async () => {
  await using scene = await openTelemetry();
  await scene.send("traces", tracesJson([chat("inner", "outer", 100, 10), chat("outer", null, 100, 10)]));
  const [only, ...none] = scene.meter.callsOf("bot");
  assert.ok(only?.key.endsWith(Buffer.from("inner___").toString("hex")));
  assert.equal(none.length, 0);
  const trace = "22222222222222222222222222222222";
  const small = { ...chat("small", "large", 20, 0), trace };
  await scene.send("traces", tracesJson([small, { ...chat("large", null, 1_000, 100), trace }]));
  assert.equal(scene.meter.tokens, 110 + 20 + 1_100);
});

test("a tool that is told by its own span and by the one around it was executed once", async () => {
  await using scene = await openTelemetry();
  const tool = (span: string, parent: string | null): ToldSpan => ({
    span,
    parent,
    attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" },
  });
  await scene.send("traces", tracesJson([tool("in", "out"), tool("out", "a"), tool("again", "a")]));
  assert.equal(scene.meter.callsOf("bot").length, 2);
});

test("a batch that could not be stored counts in full when it is sent again", async () => {
  await using scene = await openTelemetry();
  scene.meter.failWith(new Error("the disk is full"));
  await assert.rejects(scene.send("traces", tracesJson(turn)), /disk is full/);
  scene.meter.failWith(null);
  await scene.send("traces", tracesJson(turn));
  await afterHold(scene);
  assert.equal(scene.meter.tokens, turnTokens);
});

test("traces that never end and spans that never come do not fill the memory", () => {
  const clock = createTestClock();
  const trees = new SpanTrees(() => clock.monotonic());
  const tokens = { inputTokens: 1, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0, reasoningTokens: 0 };
  const come = (trace: string, span: string, parent: string): void => {
    const place = { trace, span, parent };
    trees.arrive(place);
    trees.tell(place);
    trees.count(place, tokens);
  };
  for (let n = 0; n < 5_000; n += 1) come("endless", `s${n}`, "root");
  trees.prune();
  assert.ok(trees.size <= 2_000);
  assert.ok(trees.isCovered("endless", "root"), "what has not come yet is remembered longest");
  for (let n = 0; n < 120_000; n += 1) come(`t${n}`, "s", "never-comes");
  trees.prune();
  assert.ok(trees.size <= 100_000);
  clock.advance(25 * HOUR);
  trees.prune();
  assert.equal(trees.size, 0);
});

test("that traces are sampled is said with the first call of an agent, and not again", async () => {
  await using scene = await openTelemetry();
  const sampled = ["a", "b"].map((span) => ({ ...chat(span, null, 1, 1), flags: 0x100 }));
  await scene.send("traces", tracesJson(sampled));
  const remarks = scene.meter.callsOf("bot").map(({ remarks: all }) => all);
  assert.deepEqual(remarks, [["the traces are sampled, so calls are missing"], []]);
  assert.equal(scene.logged.length, 1);
});
