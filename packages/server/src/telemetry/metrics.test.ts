import assert from "node:assert/strict";
import { test } from "node:test";
import { DAY, HOUR, MINUTE } from "@midwatch/core";
import fc from "fast-check";
import { metricsJson, type ToldPoint } from "../../../protocol/src/testing/otlp-messages.ts";
import { openTelemetry } from "../testing/telemetry-in-test.ts";

const counter = "gen_ai.client.inference.usage.input_tokens";
const model = { "gen_ai.request.model": "gpt-5", "gen_ai.provider.name": "openai" };
const delta = 1;
const cumulative = 2;

function point(value: number, at: number, more: Partial<ToldPoint> = {}): ToldPoint {
  return { value, at, attributes: model, ...more };
}

const inputs = (points: readonly ToldPoint[], temporality: 1 | 2) =>
  metricsJson({ [counter]: points }, {}, temporality);

test("of a cumulative metric what it grew by counts, and of one that began anew all of it", async () => {
  await using scene = await openTelemetry();
  const send = (...points: readonly ToldPoint[]) => scene.send("metrics", inputs(points, cumulative));
  await send(point(500, 0));
  await send(point(800, 1_000));
  await send(point(800, 2_000));
  assert.equal(scene.meter.tokens, 800);
  await send(point(800, 2_000), point(700, 1_500));
  assert.equal(scene.meter.tokens, 800, "told before, or out of order");
  await send(point(50, 3_000));
  assert.equal(scene.meter.tokens, 850, "it fell: it began anew");
  await send(point(30, 4_000, { startedAt: 3_500 }));
  assert.equal(scene.meter.tokens, 880, "another start is another life");
  await send(point(60, 5_000));
  assert.equal(scene.meter.tokens, 890, "the first life goes on beside it");
});

test("where a series stood survives a restart", async () => {
  await using scene = await openTelemetry();
  await scene.send("metrics", inputs([point(500, 0)], cumulative));
  scene.restart();
  await scene.send("metrics", inputs([point(510, 1_000)], cumulative));
  assert.equal(scene.meter.tokens, 510);
});

test("a series that began long before its agent was known is only a base line", async () => {
  await using scene = await openTelemetry();
  const old = { startedAt: -DAY };
  await scene.send("metrics", inputs([point(1_000_000, 0, old)], cumulative));
  assert.equal(scene.meter.tokens, 0);
  await scene.send("metrics", inputs([point(1_000_100, 1_000, old)], cumulative));
  assert.equal(scene.meter.tokens, 100);
  const lately = { startedAt: -HOUR + 2 * MINUTE, attributes: { ...model, "gen_ai.request.model": "gpt-5-mini" } };
  await scene.send("metrics", inputs([point(7, 0, lately)], cumulative));
  assert.equal(scene.meter.tokens, 107, "one that began within the hour counts from its beginning");
});

test("what was not stored is not taken to have been told", async () => {
  await using scene = await openTelemetry();
  scene.meter.failWith(new Error("the disk is full"));
  await assert.rejects(scene.send("metrics", inputs([point(500, 0)], cumulative)));
  scene.meter.failWith(null);
  await scene.send("metrics", inputs([point(500, 0)], cumulative));
  assert.equal(scene.meter.tokens, 500);
});

test("a delta that is sent again counts once", async () => {
  await using scene = await openTelemetry();
  const batch = inputs([point(500, 0), point(70, 60_000, { startedAt: 0 })], delta);
  await scene.send("metrics", batch);
  await scene.send("metrics", batch);
  assert.equal(scene.meter.tokens, 570);
  assert.equal(scene.meter.callsOf("bot").length, 2, "each export is one call");
});

test("all that one export tells of a model is one call, with its classes, its cost and how many calls there were", async () => {
  await using scene = await openTelemetry();
  const claude = (type: string, value: number): ToldPoint => ({
    value,
    attributes: { type, model: "claude-sonnet-5", "session.id": "s-1" },
  });
  const json = metricsJson({
    "claude_code.token.usage": [claude("input", 10), claude("output", 20), claude("cacheRead", 1_000)],
    "claude_code.cost.usage": [{ value: 2, attributes: { model: "claude-sonnet-5", "session.id": "s-1" } }],
  });
  await scene.send("metrics", json);
  const [call, ...more] = scene.meter.callsOf("bot");
  assert.equal(more.length, 0);
  assert.deepEqual(
    [call?.inputTokens, call?.outputTokens, call?.cacheReadTokens, call?.costUsdMicros, call?.session, call?.source],
    [1_010, 20, 1_000, 2_000_000, "s-1", "metric"],
  );
  const measured = { "gen_ai.client.operation.duration": [{ value: 3.5, count: 4, at: 100_000, attributes: model }] };
  await scene.send("metrics", metricsJson({ [counter]: [point(40, 100_000)], ...measured }));
  assert.equal(scene.meter.callsOf("bot").at(-1)?.calls, 4);
});

test("however a rising counter is split into requests, told twice or mixed up, its last value is what counts", async () => {
  const steps = fc.array(fc.tuple(fc.nat(1_000), fc.boolean()), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(steps, async (rises) => {
      await using scene = await openTelemetry();
      let value = 0;
      let at = 0;
      for (const [rise, twice] of rises) {
        const before = point(value, at);
        value += rise;
        at += 1_000;
        const points = twice ? [point(value, at), before, point(value, at)] : [point(value, at)];
        await scene.send("metrics", inputs(points, cumulative));
      }
      assert.equal(scene.meter.tokens, value);
    }),
    { numRuns: 25 },
  );
});
