import assert from "node:assert/strict";
import test from "node:test";
import { HOUR, type Ms } from "@midwatch/core";
import { JSON_LIMITS, parseJson } from "@midwatch/protocol";
import { createMetrics, type Metrics } from "./metrics.ts";
import { WatchInTest } from "./report/testing/watch-in-test.ts";

const start: Ms = Date.UTC(2026, 10, 24);

function metricsOf(watch: WatchInTest, more: Partial<Parameters<typeof createMetrics>[0]> = {}): Metrics {
  return createMetrics({
    channels: ["me"],
    ledger: watch.ledger,
    store: watch.store,
    clock: { now: () => watch.now, monotonic: () => watch.now },
    queueDepth: () => 3,
    sweeperLagMs: () => 120,
    version: "1.2.3",
    ...more,
  });
}

async function valueOf(metrics: Metrics, series: string): Promise<number | null> {
  const line = (await metrics.text()).split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? null : Number(line.slice(series.length + 1));
}

test("beats, tokens, money, states and incidents are counted", async () => {
  await using watch = await WatchInTest.open("UTC", start);
  const metrics = metricsOf(watch);
  await watch.beats("alpha", start, start + HOUR, { tokens_used: 100, cost_usd: 0.5 });
  await watch.beats("bot", start, start + HOUR, { tokens_used: 10 });
  await watch.silence("bot", start + 2 * HOUR);
  const expected: Readonly<Record<string, number>> = {
    midwatch_beats_total: 24,
    midwatch_tokens_total: 1_320,
    midwatch_cost_usd_total: 6,
    midwatch_beats_unpriced_total: 12,
    'midwatch_agents{state="up"}': 1,
    'midwatch_agents{state="down"}': 1,
    'midwatch_agents{state="late"}': 0,
    'midwatch_incidents_open{kind="silent"}': 1,
    'midwatch_incidents_open{kind="runaway"}': 0,
    midwatch_beats_waiting: 3,
    midwatch_sweeper_lag_seconds: 0.12,
    'midwatch_outbox_waiting{channel="me"}': 0,
    'midwatch_outbox_failed{channel="me"}': 0,
    'midwatch_info{version="1.2.3"}': 1,
  };
  for (const [series, value] of Object.entries(expected)) assert.equal(await valueOf(metrics, series), value, series);
  assert.match(metrics.contentType, /^text\/plain/);
});

test("no label comes from outside: agents and invented codes add no series", async () => {
  await using watch = await WatchInTest.open("UTC", start);
  const metrics = metricsOf(watch);
  const count = async (): Promise<number> => (await metrics.text()).split("\n").length;
  metrics.refused("x");
  await watch.beats("alpha", start, start + 1);
  const before = await count();
  for (const name of ["one", "two", "three"]) {
    await watch.beats(name, start, start + 1);
    metrics.refused(name);
  }
  assert.equal(await count(), before);
  assert.equal(await valueOf(metrics, 'midwatch_beats_refused_total{code="other"}'), 4);
  metrics.refused("invalid_field", 7);
  assert.equal(await valueOf(metrics, 'midwatch_beats_refused_total{code="invalid_field"}'), 7);
});

test("every way in which a body is no JSON has a series of its own", async () => {
  await using watch = await WatchInTest.open("UTC", start);
  const metrics = metricsOf(watch);
  const deep = "[".repeat(JSON_LIMITS.maxDepth + 1) + "]".repeat(JSON_LIMITS.maxDepth + 1);
  for (const body of ["{", deep, '{"a":1,"a":2}', "1e999", Buffer.from([0x22, 0xff, 0x22])]) {
    const json = parseJson(Buffer.from(body));
    if (json.ok) assert.fail(`${body.toString()} is JSON`);
    metrics.refused(json.code);
    assert.equal(await valueOf(metrics, `midwatch_beats_refused_total{code="${json.code}"}`), 1, json.code);
  }
});

test("a store in trouble costs the outbox figures and nothing else", async () => {
  await using watch = await WatchInTest.open("UTC", start);
  let broken = false;
  const store = {
    outboxLag: (now: Ms) => (broken ? Promise.reject(new Error("busy")) : watch.store.outboxLag(now)),
    noticeLag: (now: Ms) => watch.store.noticeLag(now),
  };
  const metrics = metricsOf(watch, { store });
  assert.equal(await valueOf(metrics, 'midwatch_outbox_waiting{channel="me"}'), 0);
  broken = true;
  assert.equal(await valueOf(metrics, 'midwatch_outbox_waiting{channel="me"}'), null);
  assert.equal(await valueOf(metrics, "midwatch_beats_waiting"), 3);
  broken = false;
  assert.equal(await valueOf(metrics, 'midwatch_outbox_waiting{channel="me"}'), 0);
});
